import { existsSync } from 'node:fs';
import { runCommand } from '../../dev/command.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { kubectl, local } from './cluster.ts';
import { eventually } from './eventually.ts';

/** What `make cert-manager` left. */
const RELEASE = new URL('../../.make/cert-manager/', import.meta.url).pathname;
/** Where ClusterIssuers have their Secrets, too. */
export const CERT_MANAGER = 'cert-manager';
/** As long as three pods take on a busy machine. */
const TIMEOUT = '300s';

export async function installCertManager(): Promise<void> {
  if (!local) throw new Error('cert-manager is tried in the local cluster only: another one may have its own');
  const values = ['--values', `${RELEASE}values.yaml`, '--wait', '--timeout', TIMEOUT];
  await helm('upgrade', '--install', CERT_MANAGER, `${RELEASE}chart`, '--create-namespace', ...values);
}

/** An issuer of certificates that an authority signs, whose Secret is beside cert-manager. */
export async function createClusterIssuer(name: string, secretName: string): Promise<void> {
  const issuer = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name },
    spec: { ca: { secretName } },
  };
  // Its webhook is asked, which serves a moment after its pod is ready.
  await eventually(() => kubectl.apply(JSON.stringify(issuer)), 60);
}

interface Certificate extends KubernetesObject {
  status: { conditions: { type: string }[] };
}

/** As `cmctl renew` does. */
export async function renew(namespace: string, name: string): Promise<void> {
  const certificate = await kubectl.find<Certificate>(namespace, 'certificate', name);
  const others = certificate?.status.conditions.filter(({ type }) => type !== 'Issuing') ?? [];
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: '', lastTransitionTime };
  const patch = JSON.stringify({ status: { conditions: [...others, issuing] } });
  await kubectl.run([
    'patch',
    'certificate',
    '-n',
    namespace,
    name,
    '--subresource',
    'status',
    '--type',
    'merge',
    '-p',
    patch,
  ]);
}

/** With the definitions of its resources, and whatever is of them. */
export async function uninstallCertManager(): Promise<void> {
  // It was not installed, and what has these names there is somebody else's.
  if (!local || !existsSync(RELEASE)) return;
  await helm('uninstall', CERT_MANAGER, '--ignore-not-found', '--wait', '--timeout', TIMEOUT);
  await kubectl.run(['delete', 'namespace', CERT_MANAGER, '--ignore-not-found', '--timeout', '120s']);
}

function helm(...args: string[]): Promise<string> {
  return runCommand('helm', [...args, '--kube-context', kubectl.context, '--namespace', CERT_MANAGER]);
}
