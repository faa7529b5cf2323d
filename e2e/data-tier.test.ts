import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { type AuthClusterObject, waitUntilReady } from '../dev/kubernetes/auth-cluster.ts';
import { loggedInUser } from './support/auth-client.ts';
import { AUTH_CLUSTERS, INSTANCE, kubectl, NAME, NAMESPACE } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { underChecks, underWrites, type WritesResult } from './support/data-load.ts';
import { killDataTier, killRedisPrimary } from './support/data-tier-loss.ts';
import { gatewayClient } from './support/gateway-client.ts';
import { KEPT_KEYS, keptKeys, setKeptKeys, writeToRedis } from './support/redis-keys.ts';
import { once } from './support/repeated.ts';
import { changeReadReplicas, changeReplicasPerShard } from './support/replica-counts.ts';
import { unharmed } from './support/unharmed.ts';

interface DataTierStatus {
  postgres: { primary: string };
  redis: { shards: number; slotsCovered: number; readyNodes: number; desiredNodes: number };
}

const READY_SECONDS = 120;
const WRITES_BACK_SECONDS = 35;
const SLOTS_BACK_SECONDS = 20;
const client = gatewayClient();

async function status(): Promise<DataTierStatus> {
  const cluster = await kubectl.find<AuthClusterObject & { status?: DataTierStatus }>(NAMESPACE, AUTH_CLUSTERS, NAME);
  if (cluster?.status?.redis === undefined) throw new Error('the status tells nothing of Redis');
  return cluster.status;
}

async function settle(): Promise<void> {
  await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: READY_SECONDS });
}

async function setShards(shards: number): Promise<void> {
  const patch = JSON.stringify({ spec: { redis: { shards } } });
  await kubectl.run(['patch', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--type', 'merge', '--patch', patch]);
  await settle();
  expect((await status()).redis).toMatchObject({ shards, slotsCovered: 16_384 });
}

function report(event: string, text: string): void {
  process.stdout.write(`${event}: ${text}\n`);
}

describe('the data tier under load', () => {
  clusterTest('gets more shards and fewer again without a failed request or a lost key', async () => {
    expect(await setKeptKeys()).toBe(KEPT_KEYS);
    const started = Date.now();
    const load = await underChecks(client, async () => {
      const writes = await underWrites(client, async () => {
        await setShards(4);
        await setShards(3);
      });
      expect(writes.failures).toEqual([]);
      expect(writes.lost).toBe(0);
    });
    expect(load.failures).toEqual([]);
    expect(await keptKeys()).toBe(KEPT_KEYS);
    const statefulSets = await kubectl.list(NAMESPACE, 'statefulsets.apps', INSTANCE);
    expect(statefulSets.map(({ metadata }) => metadata.name)).not.toContain(`${NAME}-redis-3`);
    report('shards 3 -> 4 -> 3', `${((Date.now() - started) / 1000).toFixed(0)} s, ${load.requests} checks`);
  });

  clusterTest('gets more read replicas and more of each Redis shard, and fewer again', () => {
    // At the same time: neither waits for the other.
    const change = () => Promise.all([changeReadReplicas(), changeReplicasPerShard()]);
    return once('readReplicas and replicasPerShard 1 -> 2 -> 1', (note) => unharmed(client, note, change));
  });

  clusterTest('loses a Redis primary, and no login or check for it', () =>
    once('Redis primary killed', (note) => killRedisPrimary(client, SLOTS_BACK_SECONDS, note)),
  );

  clusterTest('loses no key when the container of a Redis primary ends and starts again', async () => {
    expect(await setKeptKeys()).toBe(KEPT_KEYS);
    const { victim, gaps } = await writeToRedis(async (primary) => {
      await kubectl.run(['exec', '-n', NAMESPACE, primary, '-c', 'redis', '--', 'bash', '-c', 'kill 1']);
    });
    await settle();
    expect(await keptKeys()).toBe(KEPT_KEYS);
    expect(gaps.get(victim)).toBeLessThan(SLOTS_BACK_SECONDS);
    expect((await status()).redis).toMatchObject({ slotsCovered: 16_384, readyNodes: 6 });
    report('container of a Redis primary ended', `slots back after ${gaps.get(victim)?.toFixed(1)} s`);
  });

  clusterTest('loses every Redis pod at once and is whole again', async () => {
    const { tokens } = await loggedInUser(client);
    const started = Date.now();
    const selector = `${INSTANCE},app.kubernetes.io/component=redis`;
    await kubectl.run(['delete', 'pod', '-n', NAMESPACE, '-l', selector]);
    await settle();
    expect((await status()).redis).toMatchObject({ slotsCovered: 16_384, readyNodes: 6 });
    report('every Redis pod deleted', `whole after ${((Date.now() - started) / 1000).toFixed(0)} s`);
    expect((await client.verify(tokens.access_token)).status).toBe(200);
    await loggedInUser(client);
  });

  clusterTest('loses its primary: writes come back, none that was acknowledged is gone', async () => {
    const { primary } = (await status()).postgres;
    let writes: WritesResult | undefined;
    const checks = await underChecks(client, async () => {
      writes = await underWrites(client, async () => {
        await kubectl.run(['delete', 'pod', '-n', NAMESPACE, primary, '--force', '--grace-period=0']);
        // The status is that of before for a moment.
        await sleep(5000);
        await settle();
      });
    });
    expect(checks.failures).toEqual([]);
    expect(writes).toMatchObject({ lost: 0 });
    expect(writes?.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS);
    report(
      'primary killed',
      `writes back after ${writes?.gapSeconds.toFixed(1)} s, ${checks.requests} checks answered`,
    );
  });

  clusterTest('loses every pod at once, and logins work again', () =>
    once('every pod of the data tier killed at once', (note) => killDataTier(client, note)),
  );
});
