import { describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill, SETTLED_SECONDS } from '../support/chaos-cluster.ts';
import { INSTANCE, kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { changeSpec, expectUnharmed, forceDelete, settled } from '../support/database.ts';
import { writeToRedis } from '../support/redis-keys.ts';
import { shardsLeftAlone } from '../support/redis-members.ts';
import { type Measured, repeatedly } from '../support/repeated.ts';

const SLOTS_BACK_SECONDS = 10;
const WHOLE_SECONDS = 60;
const PODS = `${INSTANCE},app.kubernetes.io/component=redis`;
/** What somebody notices of a key whose owner is there: nothing but a busy machine. */
const UNDISTURBED_SECONDS = 5;
const client = chaosClient();

async function killPrimary(): Promise<Measured> {
  let written: Awaited<ReturnType<typeof writeToRedis>> | undefined;
  const { checks, logins, writes } = await underMixedLoad(client, async () => {
    written = await writeToRedis(forceDelete);
  });
  expect([...checks.failures, ...logins.failures, ...writes.failures]).toEqual([]);
  const { victim = '', gaps = new Map<string, number>() } = written ?? {};
  const others = Math.max(...[...gaps].filter(([pod]) => pod !== victim).map(([, gap]) => gap));
  expect(gaps.get(victim)).toBeLessThan(SLOTS_BACK_SECONDS);
  expect(others).toBeLessThan(UNDISTURBED_SECONDS);
  await settled(SETTLED_SECONDS);
  return { 'its slots back after': gaps.get(victim) ?? Number.NaN, 'longest pause of other slots': others };
}

async function loseAll(): Promise<Measured> {
  await kill('redis');
  await kubectl.run([
    'wait',
    '-n',
    NAMESPACE,
    'pods',
    '-l',
    PODS,
    '--for=jsonpath={.status.phase}=Running',
    '--timeout',
    '120s',
  ]);
  const startedMs = Date.now();
  await settled(SETTLED_SECONDS);
  const whole = (Date.now() - startedMs) / 1000;
  expect(whole).toBeLessThan(WHOLE_SECONDS);
  return { 'whole after its pods ran': whole };
}

async function unharmed(name: string, during: () => Promise<void>): Promise<Measured> {
  const startedMs = Date.now();
  const load = await underMixedLoad(client, during);
  expectUnharmed(load);
  return { [name]: (Date.now() - startedMs) / 1000 };
}

async function reshard(): Promise<void> {
  for (const shards of [4, 3]) {
    await changeSpec({ redis: { shards } });
    await settled(SETTLED_SECONDS);
  }
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

  clusterTest(
    'gets more shards and fewer again',
    () => repeatedly('shards 3 → 4 → 3', () => unharmed('done after', reshard)),
    HOUR,
  );

  clusterTest(
    'gets more replicas and fewer again',
    () => repeatedly('`replicasPerShard` 1 → 2 → 1', () => unharmed('done after', changeReplicas)),
    HOUR,
  );

  clusterTest(
    'is replaced pod by pod, never all members of a shard at once',
    () =>
      repeatedly('every Redis pod replaced by a change of resources', (turn) =>
        unharmed('done after', async () => {
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
