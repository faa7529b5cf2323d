import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { AuthClient } from './support/auth-client.ts';
import { INSTANCE, kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { type MixedResult, underMixedLoad } from './support/data-load.ts';
import {
  annotate,
  changeSpec,
  DATABASE_PODS,
  databasePods,
  failuresOf,
  LONGEST_PAUSE_SECONDS,
  liveCluster,
  nodeOf,
  postgresStatus,
  SWITCHOVER,
  type Switchover,
  settled,
  standby,
  untilMoved,
} from './support/database.ts';
import { eventually } from './support/eventually.ts';

interface Claim extends KubernetesObject {
  spec: { storageClassName: string };
}

const READY_SECONDS = 240;
let gateway: GatewayAddress;
let client: AuthClient;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      gateway = await openGateway();
      client = new AuthClient(gateway.url);
    }),
  600_000,
);
afterAll(() => gateway?.close());

const ATTEMPTS = 2;
/** What takes longer comes close to the 5 s after which writes are let go, wherever the primary is. */
const IN_TIME_MILLISECONDS = 4000;
/** A move that is late is no worse than the loss of the primary. */
const LATE_SECONDS = 35;

/**
 * Brings a planned move about under load. No acknowledged write may be lost, and where it is done in time no request may
 * fail and no write may wait for long. On a machine that is busy with other things it may take too long: then it is tried
 * again, and if none of them is in time, failed requests were promised to nobody, but writes must be back as after a loss.
 */
async function unharmed(event: string, attempt: (turn: number) => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < ATTEMPTS; turn += 1) {
    const load = await underMixedLoad(client, () => attempt(turn).then(() => undefined));
    const { lastSwitchover } = await postgresStatus();
    tell(event, load, lastSwitchover);
    expect(load.writes.lost).toBe(0);
    const isInTime = lastSwitchover?.outcome === 'Moved' && lastSwitchover.pauseMilliseconds <= IN_TIME_MILLISECONDS;
    expect(load.writes.gapSeconds).toBeLessThan(isInTime ? LONGEST_PAUSE_SECONDS : LATE_SECONDS);
    if (!isInTime) continue;
    expect(failuresOf(load)).toEqual([]);
    return;
  }
  process.stdout.write(`${event}: never in time, so whether requests fail is not known\n`);
}

function tell(event: string, load: MixedResult, move: Switchover | undefined): void {
  const { writes, checks, logins } = load;
  const requests = writes.requests + checks.requests + logins.requests;
  const pause = `longest pause of writes ${writes.gapSeconds.toFixed(1)} s`;
  const failed = failuresOf(load);
  process.stdout.write(`${event}: ${move?.outcome}, ${requests} requests, ${failed.length} failed, ${pause}\n`);
  for (const failure of failed) process.stdout.write(`  ${failure}\n`);
}

async function degraded() {
  return (await liveCluster()).status?.conditions?.find(({ type }) => type === 'Degraded');
}

describe('the database under load', () => {
  clusterTest('gets another primary by an annotation, without a failed request', () =>
    unharmed('switchover', async () => {
      const to = await standby();
      expect(await untilMoved('Requested', () => annotate(`${SWITCHOVER}=${to}`))).toMatchObject({ to });
      expect((await postgresStatus()).primary).toBe(to);
      await eventually(
        async () => expect((await liveCluster()).metadata.annotations ?? {}).not.toHaveProperty([SWITCHOVER]),
        60,
      );
    }),
  );

  clusterTest('keeps its primary when a pod is named that cannot be it, and says which can', async () => {
    const [to, { primary }] = [await standby(), await postgresStatus()];
    await annotate(`${SWITCHOVER}=${NAME}-redis-0-0`);
    await eventually(async () => {
      expect(await degraded()).toMatchObject({ status: 'True', reason: 'SwitchoverRefused' });
      expect((await degraded())?.message).toContain(`allowed: ${to}`);
    }, 60);
    await annotate(`${SWITCHOVER}-`);
    expect((await settled()).primary).toBe(primary);
  });

  clusterTest('raises and lowers a setting that needs a restart, which nobody notices', async () => {
    // Of those that a replica must not have less of than the primary: raised and lowered, they take different ways.
    for (const base of [80, 64]) {
      await unharmed(`max_locks_per_transaction ${base}`, async (turn) => {
        const max_locks_per_transaction = String(base - turn);
        await untilMoved('Parameters', () => changeSpec({ postgres: { parameters: { max_locks_per_transaction } } }));
        expect((await postgresStatus()).change).toBeUndefined();
      });
    }
  });

  clusterTest('gets other resources, one pod after another', () =>
    unharmed('other resources', async (turn) => {
      const memory = `${200 + turn}Mi`;
      const before = await databasePods();
      await untilMoved('Update', () => changeSpec({ postgres: { resources: { requests: { memory } } } }));
      await eventually(async () => expect((await postgresStatus()).olderPods).toBe(0), READY_SECONDS);
      await settled();
      const pods = await databasePods();
      expect(pods).toHaveLength(before.length);
      for (const pod of pods) expect(pod.spec.containers[0]?.resources.requests.memory).toBe(memory);
    }),
  );

  clusterTest('loses its primary to a drain of the node, without a failed request', () =>
    unharmed('drain', async () => {
      const { primary } = await postgresStatus();
      const node = await nodeOf(primary);
      const selection = ['--pod-selector', DATABASE_PODS, '--delete-emptydir-data', '--timeout', '240s'];
      try {
        const moved = await untilMoved('Drain', () => kubectl.run(['drain', node, ...selection]), { settle: false });
        expect(moved).toMatchObject({ from: primary });
      } finally {
        await kubectl.run(['uncordon', node]);
        await settled();
      }
    }),
  );
});

describe('volumes that their storage class does not let grow', () => {
  clusterTest('stay as they are, the condition says why, and the size can be set back', async () => {
    const [claim] = await kubectl.list<Claim>(NAMESPACE, 'persistentvolumeclaims', INSTANCE);
    const name = claim?.spec.storageClassName ?? '';
    const storageClass = JSON.parse(await kubectl.run(['get', 'storageclass', name, '-o', 'json']));
    expect(storageClass.allowVolumeExpansion ?? false).toBe(false);
    await changeSpec({ postgres: { storage: { size: '2Gi' } } });
    await eventually(async () => {
      expect(await degraded()).toMatchObject({ status: 'True', reason: 'StorageNotExpandable' });
      expect((await degraded())?.message).toContain('allowVolumeExpansion');
    }, 60);
    await changeSpec({ postgres: { storage: { size: '1Gi' } } });
    expect((await settled()).storage).toBe('1Gi');
  });
});
