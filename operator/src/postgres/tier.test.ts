import { expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { NOTHING_OBSERVED } from '../status/observed.ts';
import type { PatroniView } from './patroni.ts';
import { PostgresTier } from './tier.ts';

const pooler = {
  metadata: { name: 'x-pooler-rw-0', namespace: 'n', uid: 'a', labels: {} },
  status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
} as unknown as Pod;
const led = (leader: string, transitions: number) => ({
  ...{ ...NOTHING_OBSERVED.patroni, leader, transitions },
  members: [{ pod: 'x-postgres-0', ready: true, role: '', timeline: 1, xlogLocation: 1n, pendingRestart: [] }],
});

test('poolers of an external database are told although nobody is known to lead', async () => {
  const told: string[] = [];
  const dialer = {
    reach: async ({ name }: { name: string }) => {
      told.push(name);
      throw new Error('nobody is there');
    },
  };
  const tier = new PostgresTier({ client: {} as KubernetesClient, dialer, now: () => 0 });
  const labels = { 'app.kubernetes.io/component': 'pooler-ro' };
  const reads = { ...pooler, metadata: { ...pooler.metadata, name: 'x-pooler-ro-0', uid: 'b', labels } };
  const reconnect = (view: PatroniView | undefined) =>
    tier.reconnectPoolers('k', view, 'migrations-1', [pooler, reads], { user: '', password: '' }, pino());
  await reconnect(NOTHING_OBSERVED.patroni);
  expect(told).toEqual([]);
  await expect(reconnect(undefined)).rejects.toThrow('nobody is there');
  expect(told).toEqual(['x-pooler-rw-0', 'x-pooler-ro-0']);
});

test('poolers that a planned move has had reconnect are not told again, and those of another leader are', async () => {
  let calls = 0;
  const dialer = {
    reach: async () => {
      calls += 1;
      throw new Error('nobody is there');
    },
  };
  const tier = new PostgresTier({ client: {} as KubernetesClient, dialer, now: () => 0 });
  const reconnect = (transitions: number) =>
    tier.reconnectPoolers(
      'k',
      led('x-postgres-1', transitions),
      undefined,
      [pooler],
      { user: '', password: '' },
      pino(),
    );
  tier.noteReconnected('k', led('x-postgres-1', 1), [pooler]);
  await reconnect(1);
  expect(calls).toBe(0);
  await expect(reconnect(2)).rejects.toThrow('nobody is there');
});

test('takes the label of the primary from those alone whom the leader key does not name, unless Patroni was there first', async () => {
  const member = (pod: string, role: string) => ({ ...led('', 0).members[0], pod, role });
  const pods = ['x-postgres-0', 'x-postgres-1', 'x-postgres-2'].map((name, ordinal) => {
    const metadata = { name, namespace: 'n', uid: name, resourceVersion: `${70 + ordinal}` };
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {} } satisfies Pod;
  });
  const view = {
    ...led('x-postgres-1', 1),
    members: [
      member('x-postgres-0', 'primary'),
      member('x-postgres-1', 'primary'),
      member('x-postgres-2', 'replica'),
    ] as PatroniView['members'],
  };
  const mergePatch = jest.fn<KubernetesClient['mergePatch']>();
  const client = { mergePatch } as unknown as KubernetesClient;
  const tier = new PostgresTier({ client, dialer: { reach: () => Promise.reject(new Error()) }, now: () => 0 });
  expect(await tier.unlabelStalePrimaries(view, pods, 'role')).toEqual(['x-postgres-0']);
  const patch = { metadata: { resourceVersion: '70', labels: { role: null } } };
  expect(mergePatch.mock.calls).toEqual([[pods[0], patch]]);
});
