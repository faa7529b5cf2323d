import { describe, expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import type { ApplyResult, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { Applier } from './applier.ts';
import { NameTaken } from './errors.ts';

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
  /** What has the name, and the watches do not show. */
  let found: LiveObject | undefined;
  let looks = 0;
  const namesake = async () => {
    looks += 1;
    return found;
  };
  const client = { apply, namesake } as Partial<KubernetesClient> as KubernetesClient;
  const applier = new Applier({ client, cache, onOverruled: () => undefined });
  const putThere = (object: KubernetesObject, uid: string) => {
    found = { ...object, metadata: { ...object.metadata, namespace: 'n', uid, resourceVersion: '1' } };
  };
  return { applier, change, cache, putThere, applies: () => applies, looks: () => looks };
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

describe('an object that has the name', () => {
  const OURS = { 'app.kubernetes.io/name': 'authcluster', 'app.kubernetes.io/instance': 'x' };
  const owner = (uid: string, controller = true) => ({ apiVersion: 'v1', kind: 'K', name: 'k', uid, controller });
  const service = (metadata: object): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n', ...metadata },
  });
  const wanted = service({ labels: OURS, ownerReferences: [owner('us')] });

  test.each([
    ['nobody', {}, 'not of this AuthCluster'],
    ['an AuthCluster of another name', { labels: { ...OURS, 'app.kubernetes.io/instance': 'y' } }, 'not of this'],
    ['somebody else', { ownerReferences: [owner('other')] }, 'of K k'],
  ])('and belongs to %s is left alone, and told', async (_, metadata, whose) => {
    const { applier, applies, putThere } = serverWith({ kind: 'Service' });
    putThere(service(metadata), 'theirs');
    const refusal = applier.apply('n/x', wanted);
    await expect(refusal).rejects.toThrow(NameTaken);
    await expect(refusal).rejects.toThrow(`Service s is there already in namespace n, and ${whose}`);
    expect(applies()).toBe(0);
  });

  test.each([
    ['its labels', { ownerReferences: [owner('us')] }],
    ['its owner', { labels: OURS }],
  ])('and is ours is put right where it lost %s', async (_, metadata) => {
    const { applier, applies, putThere } = serverWith({ kind: 'Service' });
    putThere(service(metadata), 'ours');
    expect(await applier.apply('n/x', wanted)).toBe(true);
    expect(applies()).toBe(1);
  });

  test('and was written before is put right where it lost both, and left alone where it is another one', async () => {
    const { applier, applies, cache, putThere } = serverWith({ kind: 'Service' });
    await applier.apply('n/x', wanted);
    const unseen = () => cache.store('Service').clear();
    unseen();
    putThere(service({}), 'u');
    expect(await applier.apply('n/x', wanted)).toBe(true);
    unseen();
    putThere(service({}), 'theirs');
    await expect(applier.apply('n/x', wanted)).rejects.toThrow(NameTaken);
    expect(applies()).toBe(2);
  });

  test('is looked for where the watches show none, and not otherwise', async () => {
    const { applier, change, looks } = serverWith({ kind: 'Service' });
    await applier.apply('n/x', wanted);
    expect(looks()).toBe(1);
    change((live) => ({ ...live, spec: { evil: true } }) as LiveObject);
    await applier.apply('n/x', wanted);
    await applier.apply('n/x', wanted);
    expect(looks()).toBe(1);
  });
});
