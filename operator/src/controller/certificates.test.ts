import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Condition, LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const issuerRef = { name: 'letsencrypt', kind: 'ClusterIssuer' };
const expose = { type: 'LoadBalancer', hostnames: ['auth.example.com'] };

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness({ gateway: { expose, tls: { secretName: 'auth-tls', issuerRef } } });
  await harness.start();
  await harness.untilQuiet();
});
afterEach(() => harness.stop());

/** What cert-manager writes. */
async function say(...conditions: Partial<Condition>[]): Promise<void> {
  const certificate = harness.server.find('certificates', 'acme-gateway') as LiveObject;
  harness.server.put({ ...certificate, status: { conditions } } as LiveObject, 'certificates');
  await harness.pass().catch(() => undefined);
}

function degraded() {
  return harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
}

const NO_SECRET = { type: 'Ready', status: 'False', reason: 'DoesNotExist', message: 'Secret does not exist' } as const;

describe('a Certificate of cert-manager', () => {
  test('that is not issued is told, with its issuer, until it is', async () => {
    await say(NO_SECRET, { type: 'Issuing', status: 'True', reason: 'DoesNotExist', message: 'Secret does not exist' });
    expect(degraded()).toMatchObject({ status: 'True', reason: 'CertificateNotIssued' });
    expect(degraded()?.message).toContain('acme-gateway is not issued: Secret does not exist (DoesNotExist)');
    expect(degraded()?.message).toContain('ClusterIssuer letsencrypt');
    expect(harness.condition('Ready')).toBe('False');
    await say({ type: 'Ready', status: 'True', reason: 'Ready', message: 'up to date' });
    expect(degraded()?.status).toBe('False');
    expect(harness.condition('Ready')).toBe('True');
  });

  test('whose request was refused is told with the words of that', async () => {
    await say(NO_SECRET, { type: 'Issuing', status: 'False', reason: 'Failed', message: 'no such domain' });
    expect(degraded()?.message).toContain('no such domain (Failed)');
  });

  test('that is good is not blamed for an attempt to renew it', async () => {
    const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'up to date' } as const;
    await say(ready, { type: 'Issuing', status: 'False', reason: 'Failed', message: 'no such domain' });
    expect(degraded()?.status).toBe('False');
  });
});
