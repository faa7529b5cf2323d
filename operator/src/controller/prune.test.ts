import { describe, expect, test } from '@jest/globals';
import type { LiveObject } from '../kubernetes/objects.ts';
import type { Tier } from '../status/observed.ts';
import { unwanted } from './prune.ts';

function job(name: string, change: { owner?: string; manager?: string; deleted?: boolean } = {}): LiveObject {
  const { owner = 'x', manager = 'authcluster-operator', deleted = false } = change;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: 'n',
      uid: `uid-${name}`,
      resourceVersion: '1',
      labels: { 'app.kubernetes.io/managed-by': manager, 'app.kubernetes.io/component': 'migrations' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'AuthCluster', name: owner, uid: owner, controller: true }],
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
  };
}

function pruned(live: LiveObject[], wanted: LiveObject[], held: string[] = [], replacing: string[] = []): string[] {
  const unreached: ReadonlySet<Tier> = new Set(['migrations']);
  const objects = unwanted({
    ownerUid: 'x',
    live,
    wanted,
    held: new Set(held),
    replacing: new Set(replacing),
    unreached,
  });
  return objects.map(({ metadata }) => metadata.name);
}

describe('unwanted', () => {
  test('names what is ours and no longer wanted', () => {
    expect(pruned([job('old'), job('new')], [job('new')])).toEqual(['old']);
  });

  test.each([
    ['another AuthCluster owns', job('old', { owner: 'y' })],
    ['somebody else manages', job('old', { manager: 'helm' })],
    ['is on its way out already', job('old', { deleted: true })],
  ])('leaves alone what %s', (_why, object) => {
    expect(pruned([object], [])).toEqual([]);
  });

  test('leaves alone what nobody owns: it is meant to be kept', () => {
    const { ownerReferences: _, ...metadata } = job('kept').metadata;
    expect(pruned([{ ...job('kept'), metadata }], [])).toEqual([]);
  });

  test('takes what waits for an earlier step for wanted', () => {
    expect(pruned([job('old')], [], ['migrations'])).toEqual([]);
  });

  test('leaves the ConfigMaps of pods that are being replaced, and only those', () => {
    const configMap = { ...job('configuration'), kind: 'ConfigMap' };
    expect(pruned([configMap, job('old')], [], [], ['migrations'])).toEqual(['old']);
    expect(pruned([configMap], [], [], ['gateway'])).toEqual(['configuration']);
  });

  test('leaves the way to a tier to which another one does not lead yet, and only that', () => {
    const ingress = { ...job('way'), kind: 'Ingress' };
    const labels = { ...ingress.metadata.labels, 'app.kubernetes.io/component': 'gateway' };
    const elsewhere = { ...ingress, metadata: { ...ingress.metadata, name: 'elsewhere', labels } };
    const successor = { ...ingress, kind: 'HTTPRoute' };
    expect(pruned([ingress, job('old'), elsewhere], [successor])).toEqual(['old', 'elsewhere']);
    expect(pruned([ingress], [])).toEqual(['way']);
  });
});
