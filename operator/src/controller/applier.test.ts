import { describe, expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import type { ApplyResult, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { Applier } from './applier.ts';

/** A server that keeps what is applied and counts how often. */
function serverWith(kind: { kind: string; metadataOnly?: boolean }) {
  const transport = {
    send: async () => ({ items: [] }),
    stream: async () => {
      throw new Error('not watched here');
    },
  };
  const cache = new ObjectCache(transport, {
    kinds: [kind],
    namespaces: [],
    now: Date.now,
    random: Math.random,
    onProblem: () => undefined,
  });
  let version = 0;
  let applies = 0;
  const apply = async (object: KubernetesObject): Promise<ApplyResult> => {
    applies += 1;
    version += 1;
    const metadata = { ...object.metadata, namespace: 'n', uid: 'u', resourceVersion: String(version) };
    return { object: { ...object, metadata }, overruled: [] };
  };
  /** Somebody else changes the object; the watch tells. */
  const change = (edit: (live: LiveObject) => LiveObject) => {
    const [live] = cache.store(kind.kind).all();
    if (live === undefined) throw new Error('nothing there');
    version += 1;
    const edited = edit(live);
    cache.store(kind.kind).put({ ...edited, metadata: { ...edited.metadata, resourceVersion: String(version) } });
  };
  const applier = new Applier({ client: { apply } as KubernetesClient, cache, onOverruled: () => undefined });
  return { applier, change, cache, applies: () => applies };
}

function deployment(image: string): KubernetesObject & { spec: object } {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'n' }, spec: { image } };
}

describe('Applier', () => {
  test('writes nothing when neither what is wanted nor what is there has changed', async () => {
    const { applier, applies } = serverWith({ kind: 'Deployment' });
    expect(await applier.apply('n/x', deployment('a'))).toBe(true);
    expect(await applier.apply('n/x', deployment('a'))).toBe(false);
    expect(applies()).toBe(1);
  });

  test('writes when something else is wanted', async () => {
    const { applier, applies } = serverWith({ kind: 'Deployment' });
    await applier.apply('n/x', deployment('a'));
    await applier.apply('n/x', deployment('b'));
    expect(applies()).toBe(2);
  });

  test('writes when somebody has changed the object', async () => {
    const { applier, change, applies } = serverWith({ kind: 'Deployment' });
    await applier.apply('n/x', deployment('a'));
    change((live) => ({ ...live, spec: { image: 'evil' } }) as LiveObject);
    expect(await applier.apply('n/x', deployment('a'))).toBe(true);
    expect(applies()).toBe(2);
  });

  test('a new status is not a change of the object', async () => {
    const { applier, change, applies } = serverWith({ kind: 'Deployment' });
    await applier.apply('n/x', deployment('a'));
    change((live) => ({ ...live, status: { readyReplicas: 1 } }) as LiveObject);
    expect(await applier.apply('n/x', deployment('a'))).toBe(false);
    expect(applies()).toBe(1);
  });

  test('of an object whose content it cannot see, every new version is a change', async () => {
    const { applier, change, applies } = serverWith({ kind: 'ConfigMap', metadataOnly: true });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'n' } };
    await applier.apply('n/x', configMap);
    expect(await applier.apply('n/x', configMap)).toBe(false);
    change((live) => live);
    expect(await applier.apply('n/x', configMap)).toBe(true);
    expect(applies()).toBe(2);
  });

  test('makes an object anew that has been deleted', async () => {
    const { applier, cache, applies } = serverWith({ kind: 'Deployment' });
    await applier.apply('n/x', deployment('a'));
    for (const live of cache.store('Deployment').all()) cache.store('Deployment').remove(live);
    expect(await applier.apply('n/x', deployment('a'))).toBe(true);
    expect(applies()).toBe(2);
  });
});
