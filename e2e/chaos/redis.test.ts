import { describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill, noteLoad } from '../support/chaos-cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { changeSpec, expectUnharmed, failuresOf, forceDelete, settled } from '../support/database.ts';
import { type Gaps, KEPT_KEYS, keptKeys, setKeptKeys, writeToRedis } from '../support/redis-keys.ts';
import { members, runningMembers, shardsLeftAlone, wholeRedis } from '../support/redis-members.ts';
import { type Note, repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';

const SLOTS_BACK_SECONDS = 10;
const WHOLE_SECONDS = 60;
/** What somebody notices of a key whose owner is there: nothing but a busy machine. */
const UNDISTURBED_SECONDS = 5;
const client = chaosClient();

async function killPrimary(_: number, note: Note): Promise<void> {
  let written: { victim: string; gaps: Gaps } = { victim: '', gaps: new Map() };
  const load = await underMixedLoad(client, async () => {
    written = await writeToRedis(forceDelete);
  });
  const own = written.gaps.get(written.victim) ?? Number.NaN;
  const others = Math.max(...[...written.gaps].filter(([pod]) => pod !== written.victim).map(([, gap]) => gap));
  note({ 'its slots back after': own, 'longest pause of other slots': others });
  noteLoad(note, load);
  note({ 'failed login requests': load.logins.failures.length });
  expect(failuresOf(load)).toEqual([]);
  expect(own).toBeLessThan(SLOTS_BACK_SECONDS);
  expect(others).toBeLessThan(UNDISTURBED_SECONDS);
  await wholeRedis(SETTLED_SECONDS);
  await settled(SETTLED_SECONDS);
}

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

/** Tells how long it took, too. */
async function unharmed(note: Note, during: () => Promise<void>): Promise<void> {
  const load = await underMixedLoad(client, async () => {
    const startedMs = Date.now();
    await during();
    note({ 'done after': (Date.now() - startedMs) / 1000 });
  });
  noteLoad(note, load);
  expectUnharmed(load);
}

async function changeShards(): Promise<void> {
  for (const shards of [4, 3]) {
    await changeSpec({ redis: { shards } });
    await settled(SETTLED_SECONDS);
  }
}

async function reshard(_: number, note: Note): Promise<void> {
  expect(await setKeptKeys()).toBe(KEPT_KEYS);
  await unharmed(note, changeShards);
  expect(await keptKeys()).toBe(KEPT_KEYS);
}

async function changeReplicas(): Promise<void> {
  for (const replicasPerShard of [2, 1]) {
    await changeSpec({ redis: { replicasPerShard } });
    await settled(SETTLED_SECONDS);
  }
}

describe('the Redis Cluster', () => {
  clusterTest('loses a primary', () => repeatedly('Redis primary killed', killPrimary), HOUR);

  clusterTest('loses every pod', () => repeatedly('every Redis pod deleted at once', loseAll), HOUR);

  clusterTest('gets more shards and fewer again', () => repeatedly('shards 3 to 4 to 3', reshard), HOUR);

  clusterTest(
    'gets more replicas and fewer again',
    () => repeatedly('replicasPerShard 1 to 2 to 1', (_, note) => unharmed(note, changeReplicas)),
    HOUR,
  );

  clusterTest(
    'is replaced pod by pod, never all members of a shard at once',
    () =>
      repeatedly('every Redis pod replaced by a change of resources', (turn, note) =>
        unharmed(note, async () => {
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
