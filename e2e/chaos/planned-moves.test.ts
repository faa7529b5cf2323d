import { describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { chaosClient, HOUR } from '../support/chaos-cluster.ts';
import { kubectl, local } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import {
  annotate,
  changeSpec,
  liveCluster,
  postgresStatus,
  SWITCHOVER,
  settled,
  standby,
  untilMoved,
} from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { drain } from '../support/nodes.ts';
import { dieDuringMove, MOVE_STEPS } from '../support/operator-death.ts';
import { restartPoolers } from '../support/poolers.ts';
import { type Note, repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';
import { changeReadReplicas } from '../support/replica-counts.ts';
import { unharmed } from '../support/unharmed.ts';

const client = chaosClient();

/** Nodes that run pods of an AuthCluster. */
async function workers(): Promise<string[]> {
  const nodes = await kubectl.list<KubernetesObject & { spec: { taints?: { key: string }[] } }>('', 'nodes');
  const isReserved = ({ spec }: (typeof nodes)[number]) =>
    spec.taints?.some(({ key }) => key === 'node-role.kubernetes.io/control-plane');
  return nodes.filter((node) => !isReserved(node)).map(({ metadata }) => metadata.name);
}

async function switchOver(_: number, note: Note): Promise<void> {
  const to = await standby();
  await unharmed(client, note, () => untilMoved('Requested', () => annotate(`${SWITCHOVER}=${to}`)));
}

/** More connections in one turn, fewer in the next: the two take different ways. */
async function restart(_: number, note: Note): Promise<void> {
  await standby();
  const { postgres } = (await liveCluster()).spec as { postgres: { parameters: { max_connections: string } } };
  const max_connections = postgres.parameters.max_connections === '100' ? '120' : '100';
  await unharmed(client, note, () =>
    untilMoved('Parameters', () => changeSpec({ postgres: { parameters: { max_connections } } })),
  );
}

/** Pod by pod, the primary last. */
async function changeResources(_: number, note: Note): Promise<void> {
  await standby();
  const { postgres } = (await liveCluster()).spec as { postgres: { resources?: { requests?: { memory?: string } } } };
  const memory = postgres.resources?.requests?.memory === '200Mi' ? '201Mi' : '200Mi';
  await unharmed(client, note, async () => {
    await untilMoved('Update', () => changeSpec({ postgres: { resources: { requests: { memory } } } }));
    await eventually(async () => expect((await postgresStatus()).olderPods).toBe(0), SETTLED_SECONDS);
    await settled(SETTLED_SECONDS);
  });
}

/** Each turn another node. */
async function drainOne(turn: number, note: Note): Promise<void> {
  await standby();
  const nodes = await workers();
  await unharmed(client, note, () => drain(nodes[turn % nodes.length] ?? ''));
  await settled(SETTLED_SECONDS);
}

describe('no request fails for', () => {
  clusterTest('a switchover by annotation', () => repeatedly('planned switchover', switchOver), HOUR);

  clusterTest('a setting that needs a restart', () => repeatedly('parameter restart', restart), HOUR);

  clusterTest(
    'other resources for the database',
    () => repeatedly('other resources for the database', changeResources),
    HOUR,
  );

  clusterTest(
    'more read replicas of PostgreSQL and fewer again',
    () => repeatedly('readReplicas 1 to 2 to 1', (_, note) => unharmed(client, note, () => changeReadReplicas())),
    HOUR,
  );

  // Reads go to the primary meanwhile, and commits wait for nobody.
  clusterTest(
    'the last read replica of PostgreSQL taken away and put back',
    () => repeatedly('readReplicas 1 to 0 to 1', (_, note) => unharmed(client, note, () => changeReadReplicas([0, 1]))),
    HOUR,
  );

  clusterTest(
    'a restart of all poolers',
    () => repeatedly('pooler restart', (_, note) => unharmed(client, note, restartPoolers)),
    HOUR,
  );

  clusterTest('a drain of any one node', () => repeatedly('kubectl drain of any one node', drainOne), HOUR);
});

// Processes of another cluster are nobody's to kill from here.
if (local) {
  describe('an operator that dies in the middle of a move is followed by another', () => {
    for (const step of MOVE_STEPS) {
      clusterTest(
        step,
        () => repeatedly(`operator killed in a planned move, ${step}`, (_, note) => dieDuringMove(client, step, note)),
        HOUR,
      );
    }
  });
}
