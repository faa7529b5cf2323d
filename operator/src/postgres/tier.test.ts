import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { NOTHING_OBSERVED } from '../status/observed.ts';
import { PostgresTier } from './tier.ts';

const pooler = {
  metadata: { name: 'x-pooler-rw-0', namespace: 'n', uid: 'a', labels: {} },
  status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
} as unknown as Pod;
const led = (leader: string, transitions: number) => ({
  ...{ ...NOTHING_OBSERVED.patroni, leader, transitions },
  members: [{ pod: 'x-postgres-0', ready: true, role: '', timeline: 1, xlogLocation: 1n, pendingRestart: [] }],
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
