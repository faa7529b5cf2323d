import { describe, expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import type { LiveObject, Node, Pod } from '../kubernetes/objects.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { wakeOnChanges } from './wake.ts';
import { watchedKinds } from './watched-kinds.ts';
import { WorkQueue } from './work-queue.ts';

function object(kind: string, name: string, version: string, metadata: object = {}): LiveObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'n', uid: name, resourceVersion: version, ...metadata },
    ...(kind === 'Pod' ? { spec: {} } : {}),
  } as LiveObject;
}

const ofInstance = (instance: string) => ({ labels: { 'app.kubernetes.io/instance': instance } });

function watched() {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 1 });
  const never = async () => {
    throw new Error('not watched here');
  };
  const cache = new ObjectCache(
    { send: never, stream: never },
    {
      kinds: watchedKinds([]),
      namespaces: [],
      now: () => clock.now(),
      random: () => 1,
      onProblem: () => undefined,
    },
  );
  wakeOnChanges(cache, queue, 'AuthCluster');
  /** The keys that are woken by a change, once bursts have been gathered. */
  const woken = async (change: () => void) => {
    change();
    clock.advance(1000);
    const keys: (string | undefined)[] = [];
    while (queue.depth > 0) keys.push(await queue.take());
    for (const key of keys) if (key !== undefined) queue.done(key);
    return keys;
  };
  return { cache, clock, queue, woken };
}

describe('wakeOnChanges', () => {
  test('an AuthCluster wakes itself, its parts wake it by their label', async () => {
    const { cache, woken } = watched();
    expect(await woken(() => cache.store('AuthCluster').put(object('AuthCluster', 'x', '1')))).toEqual(['n/x']);
    expect(await woken(() => cache.store('Pod').put(object('Pod', 'p', '1', ofInstance('x'))))).toEqual(['n/x']);
    expect(await woken(() => cache.store('Pod').remove(object('Pod', 'p', '2', ofInstance('x'))))).toEqual(['n/x']);
  });

  test('what somebody wants of an AuthCluster comes before what its status and its parts tell of others', async () => {
    const { cache, clock, queue, woken } = watched();
    const put = (name: string, version: string, metadata: object) =>
      cache.store('AuthCluster').put(object('AuthCluster', name, version, metadata));
    for (const name of ['a', 'b', 'c']) await woken(() => put(name, '1', { generation: 1 }));
    put('a', '2', { generation: 1 });
    put('b', '2', { generation: 2 });
    clock.advance(1000);
    put('c', '2', { generation: 1, annotations: { 'authcluster.dev/promote': 'revision' } });
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['n/b', 'n/c', 'n/a']);
  });

  test('a burst of changes wakes once', async () => {
    const { cache, woken } = watched();
    const burst = () => {
      for (const name of ['p', 'q', 'r']) cache.store('Pod').put(object('Pod', name, '1', ofInstance('x')));
    };
    expect(await woken(burst)).toEqual(['n/x']);
  });

  test('a status that is written after parts were is gathered with them', async () => {
    const { cache, clock, queue, woken } = watched();
    const put = (version: string) =>
      cache.store('AuthCluster').put(object('AuthCluster', 'x', version, { generation: 1 }));
    await woken(() => put('1'));
    cache.store('Pod').put(object('Pod', 'p', '1', ofInstance('x')));
    clock.advance(10);
    put('2');
    expect(queue.depth).toBe(0);
    clock.advance(15);
    expect(queue.depth).toBe(1);
    await queue.take();
    queue.done('n/x');
    clock.advance(1000);
    expect(queue.depth).toBe(0);
  });

  test('a part that changes hands wakes both', async () => {
    const { cache, woken } = watched();
    await woken(() => cache.store('Pod').put(object('Pod', 'p', '1', ofInstance('x'))));
    const moved = () => cache.store('Pod').put(object('Pod', 'p', '2', ofInstance('y')));
    expect((await woken(moved)).sort()).toEqual(['n/x', 'n/y']);
  });

  test('a node that is cordoned wakes who has a database pod there, its heartbeat nobody', async () => {
    const { cache, woken } = watched();
    const labels = { ...ofInstance('x').labels, 'app.kubernetes.io/component': 'postgres' };
    await woken(() =>
      cache.store('Pod').put({ ...object('Pod', 'p', '1', { labels }), spec: { nodeName: 'a' } } as Pod),
    );
    await woken(() => cache.store('Pod').put(object('Pod', 'q', '1', ofInstance('y'))));
    const node = (version: string, unschedulable?: boolean) =>
      cache.store('Node').put({ ...object('Node', 'a', version), spec: { unschedulable } } as Node);
    expect(await woken(() => node('1'))).toEqual([]);
    expect(await woken(() => node('2'))).toEqual([]);
    expect(await woken(() => node('3', true))).toEqual(['n/x']);
  });

  test('the heartbeat of Patroni wakes nobody, a new leader does', async () => {
    const { cache, woken } = watched();
    const leader = (version: string, annotations: Record<string, string>) =>
      cache
        .store('ConfigMap')
        .put(object('ConfigMap', 'x-postgres-leader', version, { ...ofInstance('x'), annotations }));
    await woken(() => leader('1', { leader: 'a', renewTime: '1', optime: '100' }));
    expect(await woken(() => leader('2', { leader: 'a', renewTime: '2', optime: '200' }))).toEqual([]);
    expect(await woken(() => leader('3', { leader: 'b', renewTime: '3', optime: '200' }))).toEqual(['n/x']);
  });

  test('what an autoscaler measures wakes nobody; what it concludes does, and what somebody changes of it', async () => {
    const { cache, woken } = watched();
    const autoscaler = (version: string, cpu: number, desiredReplicas = 4, maxReplicas = 12) =>
      cache.note({
        ...object('HorizontalPodAutoscaler', 'x-api', version, ofInstance('x')),
        spec: { maxReplicas },
        status: { desiredReplicas, currentMetrics: [{ resource: { current: { averageUtilization: cpu } } }] },
      } as LiveObject);
    await woken(() => autoscaler('1', 10));
    expect(await woken(() => autoscaler('2', 20))).toEqual([]);
    expect(await woken(() => autoscaler('3', 90, 8))).toEqual(['n/x']);
    expect(await woken(() => autoscaler('4', 80, 8, 100))).toEqual(['n/x']);
  });
});
