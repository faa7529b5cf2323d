import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill } from '../support/chaos-cluster.ts';
import { kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { settled } from '../support/database.ts';
import { KEPT_KEYS, keptKeys, setKeptKeys } from '../support/redis-keys.ts';
import { members, runningMembers, wholeRedis } from '../support/redis-members.ts';
import { type Note, repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';

/** Redis writes its log to the disk once a second. */
const WRITTEN_AFTER_MS = 3000;

/** Of an AuthCluster that is there it cannot be changed, and nothing of one must stay. */
async function removeAuthCluster(): Promise<void> {
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '180s']);
}

beforeAll(removeAuthCluster);
chaosClient({ redis: { persistence: { enabled: true, size: '1Gi' } } });
afterAll(removeAuthCluster);

async function loseAll(_: number, note: Note): Promise<void> {
  expect(await setKeptKeys()).toBe(KEPT_KEYS);
  await sleep(WRITTEN_AFTER_MS);
  const before = await members();
  await kill('redis');
  await runningMembers(before, 120);
  const startedMs = Date.now();
  await wholeRedis(SETTLED_SECONDS);
  note({ 'whole after its pods ran': (Date.now() - startedMs) / 1000 });
  expect(await keptKeys()).toBe(KEPT_KEYS);
  await settled(SETTLED_SECONDS);
}

describe('a Redis Cluster that keeps its data on volumes', () => {
  clusterTest(
    'has all keys after the loss of every pod',
    () => repeatedly('every Redis pod deleted at once, with persistence', loseAll),
    HOUR,
  );
});
