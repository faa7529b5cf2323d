import { describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill } from '../support/chaos-cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { killRedisPrimary } from '../support/data-tier-loss.ts';
import { changeSpec, settled } from '../support/database.ts';
import { KEPT_KEYS, keptKeys, setKeptKeys } from '../support/redis-keys.ts';
import { members, runningMembers, shardsLeftAlone, wholeRedis } from '../support/redis-members.ts';
import { type Note, repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';
import { changeReplicasPerShard } from '../support/replica-counts.ts';
import { unharmed } from '../support/unharmed.ts';

const SLOTS_BACK_SECONDS = 10;
const WHOLE_SECONDS = 60;
const client = chaosClient();

async function loseAll(_: number, note: Note): Promise<void> {
  const before = await members();
  await kill('redis');
  await runningMembers(before, 120);
  const startedMs = Date.now();
  await wholeRedis(SETTLED_SECONDS);
  const whole = (Date.now() - startedMs) / 1000;
  note({ 'whole after its pods ran': whole });
  expect(whole).toBeLessThan(WHOLE_SECONDS);
  await settled(SETTLED_SECONDS);
}

async function changeShards(): Promise<void> {
  for (const shards of [4, 3]) {
    await changeSpec({ redis: { shards } });
    await settled(SETTLED_SECONDS);
  }
}

async function reshard(_: number, note: Note): Promise<void> {
  expect(await setKeptKeys()).toBe(KEPT_KEYS);
  await unharmed(client, note, changeShards);
  expect(await keptKeys()).toBe(KEPT_KEYS);
}

describe('the Redis Cluster', () => {
  clusterTest(
    'loses a primary',
    () => repeatedly('Redis primary killed', (_, note) => killRedisPrimary(client, SLOTS_BACK_SECONDS, note)),
    HOUR,
  );

  clusterTest('loses every pod', () => repeatedly('every Redis pod deleted at once', loseAll), HOUR);

  clusterTest('gets more shards and fewer again', () => repeatedly('shards 3 to 4 to 3', reshard), HOUR);

  clusterTest(
    'gets more replicas and fewer again',
    () => repeatedly('replicasPerShard 1 to 2 to 1', (_, note) => unharmed(client, note, changeReplicasPerShard)),
    HOUR,
  );

  clusterTest(
    'is replaced pod by pod, never all members of a shard at once',
    () =>
      repeatedly('every Redis pod replaced by a change of resources', (turn, note) =>
        unharmed(client, note, async () => {
          const memory = turn % 2 === 0 ? '34Mi' : '32Mi';
          const alone = await shardsLeftAlone(async () => {
            await changeSpec({ redis: { resources: { requests: { memory } } } });
            await settled(SETTLED_SECONDS);
          });
          expect(alone).toEqual([]);
        }),
      ),
    HOUR,
  );
});
