import type { AuthCluster } from '../api/authcluster.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { Condition, LiveObject } from '../kubernetes/objects.ts';
import { CertificateNotIssued } from './errors.ts';
import type { Pass } from './pass.ts';

interface Certificate extends LiveObject {
  status?: { conditions?: Condition[] };
}

/** Why the gateway has no certificate only cert-manager's Certificate tells: a pod knows that its Secret is not there, no more. */
export async function lookForUnissuedCertificates(
  cache: ObjectCache,
  { metadata, spec: { gateway } }: AuthCluster,
  pass: Pass,
): Promise<void> {
  const issuer = gateway.enabled ? gateway.tls?.issuerRef : undefined;
  if (issuer === undefined) return;
  for (const certificate of cache.store<Certificate>('Certificate').ofInstance(metadata.namespace, metadata.name)) {
    await pass.settle('cert-manager', 'gateway', async () => {
      const why = whyNotIssued(certificate);
      if (why !== undefined) throw new CertificateNotIssued(certificate.metadata.name, issuer, why);
    });
  }
}

/** An attempt that failed says more than that there is no Secret yet. */
function whyNotIssued({ status }: Certificate): Condition | undefined {
  const { conditions = [] } = status ?? {};
  const isFalse = (wanted: string) => conditions.find(({ type, status }) => type === wanted && status === 'False');
  const notReady = isFalse('Ready');
  return notReady && (isFalse('Issuing') ?? notReady);
}
