import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { PersistentVolumeClaim, StatefulSet } from '../kubernetes/objects.ts';
import type { ApiRequest } from '../kubernetes/transport.ts';
import { templateSize } from '../specs/postgres/kept.ts';
import { databaseClaim, OperatorHarness } from '../testing/operator-harness.ts';

const sized = (size: string) => ({ postgres: { storage: { size } } });

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness(sized('1Gi'));
  for (const ordinal of [0, 1, 2]) harness.server.put(databaseClaim(ordinal, '1Gi'), 'persistentvolumeclaims');
  await harness.start();
  await harness.untilQuiet();
});
afterEach(() => harness.stop());

const claims = () =>
  [0, 1, 2].map((ordinal) => {
    const claim = harness.server.find('persistentvolumeclaims', `data-acme-postgres-${ordinal}`);
    return (claim as PersistentVolumeClaim).spec.resources.requests.storage;
  });
const template = () => templateSize(harness.server.find('statefulsets', 'acme-postgres') as StatefulSet);

/** Calls of DELETE, with how far they reach. */
function deletions(): string[] {
  const seen: string[] = [];
  harness.server.intercept = ({ method, path, body }: ApiRequest) => {
    if (method !== 'DELETE') return;
    seen.push(`${path.split('/').slice(-2).join('/')} ${(body as { propagationPolicy: string }).propagationPolicy}`);
  };
  return seen;
}

describe('a larger postgres.storage.size', () => {
  test('has every volume grow, and then makes the StatefulSet anew around its pods', async () => {
    const deleted = deletions();
    harness.change(sized('2Gi'));
    await harness.untilQuiet();
    expect(claims()).toEqual(['2Gi', '2Gi', '2Gi']);
    expect(template()).toBe('2Gi');
    expect(deleted).toEqual(['statefulsets/acme-postgres Orphan']);
    expect(harness.status()?.postgres?.storage).toBe('2Gi');
  });

  test('that the storage class refuses leaves all as it is, says so, and can be taken back', async () => {
    harness.server.intercept = (request) => {
      const isGrowth = request.method === 'PATCH' && request.path.includes('/persistentvolumeclaims/');
      if (isGrowth) throw new ApiError(request, 403, '{"message":"the storageclass must support resize"}');
    };
    harness.change(sized('2Gi'));
    await expect(harness.pass()).rejects.toThrow('must support resize');
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'StorageNotExpandable' });
    expect(degraded?.message).toContain('allowVolumeExpansion');
    expect([...claims(), template(), harness.status()?.postgres?.storage]).toEqual(['1Gi', '1Gi', '1Gi', '1Gi', '1Gi']);
    harness.change(sized('1Gi'));
    await harness.untilQuiet();
    expect(harness.condition('Degraded')).toBe('False');
  });

  test('that is refused for one volume has the others grow, and those of pods that are gone removed', async () => {
    const [refused, gone] = ['data-acme-postgres-0', 'data-acme-postgres-3'];
    harness.server.put(databaseClaim(3, '1Gi'), 'persistentvolumeclaims');
    harness.server.intercept = (request) => {
      const isGrowth = request.method === 'PATCH' && request.path.endsWith(`/persistentvolumeclaims/${refused}`);
      if (isGrowth) throw new ApiError(request, 403, '{"message":"exceeded quota: storage"}');
    };
    harness.change(sized('2Gi'));
    await expect(harness.pass()).rejects.toThrow('exceeded quota');
    expect(claims()).toEqual(['1Gi', '2Gi', '2Gi']);
    expect(harness.server.find('persistentvolumeclaims', gone)).toBeUndefined();
    expect([template(), harness.status()?.postgres?.storage]).toEqual(['1Gi', '1Gi']);
  });
});
