import { describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { DOUBLED } from './support/chaos-cluster.ts';
import { INSTANCE, kubectl, local, NAME, NAMESPACE } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { type MixedResult, underMixedLoad } from './support/data-load.ts';
import {
  annotate,
  changeSpec,
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
import { gatewayClient } from './support/gateway-client.ts';
import { drain } from './support/nodes.ts';
import { dieDuringMove, MOVE_STEPS } from './support/operator-death.ts';
import { once } from './support/repeated.ts';

interface Claim extends KubernetesObject {
  spec: { storageClassName: string };
}

const READY_SECONDS = 240;
const client = gatewayClient(DOUBLED);

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

  // Processes of another cluster are nobody's to kill from here.
  for (const step of local ? MOVE_STEPS : []) {
    clusterTest(`gets another primary though the operator dies: ${step}`, () =>
      once(`operator killed, ${step}`, (note) => dieDuringMove(client, step, note)),
    );
  }

  clusterTest('loses its primary to a drain of the node, with all pods of it, without a failed request', () =>
    unharmed('drain', async () => {
      const { primary } = await postgresStatus();
      const node = await nodeOf(primary);
      expect(await untilMoved('Drain', () => drain(node), { settle: false })).toMatchObject({ from: primary });
      await settled();
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
