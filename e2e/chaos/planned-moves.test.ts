import { describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { chaosClient, HOUR, noteLoad } from '../support/chaos-cluster.ts';
import { kubectl } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import {
  annotate,
  changeSpec,
  expectUnharmed,
  liveCluster,
  postgresStatus,
  SWITCHOVER,
  settled,
  standby,
  untilMoved,
} from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { restartPoolers } from '../support/poolers.ts';
import { type Note, repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';

const client = chaosClient();

/** No request may fail for it, and none may wait for long. */
async function unharmed(note: Note, during: () => Promise<unknown>): Promise<void> {
  const load = await underMixedLoad(client, () => during().then(() => undefined));
  noteLoad(note, load);
  expectUnharmed(load);
}

/** Nodes that run pods of an AuthCluster. */
async function workers(): Promise<string[]> {
  const nodes = await kubectl.list<KubernetesObject & { spec: { taints?: { key: string }[] } }>('', 'nodes');
  const isReserved = ({ spec }: (typeof nodes)[number]) =>
    spec.taints?.some(({ key }) => key === 'node-role.kubernetes.io/control-plane');
  return nodes.filter((node) => !isReserved(node)).map(({ metadata }) => metadata.name);
}

async function switchOver(_: number, note: Note): Promise<void> {
  const to = await standby();
  await unharmed(note, () => untilMoved('Requested', () => annotate(`${SWITCHOVER}=${to}`)));
}

/** More connections in one turn, fewer in the next: the two take different ways. */
async function restart(_: number, note: Note): Promise<void> {
  await standby();
  const { postgres } = (await liveCluster()).spec as { postgres: { parameters: { max_connections: string } } };
  const max_connections = postgres.parameters.max_connections === '100' ? '120' : '100';
  await unharmed(note, () =>
    untilMoved('Parameters', () => changeSpec({ postgres: { parameters: { max_connections } } })),
  );
}

/** Pod by pod, the primary last. */
async function changeResources(_: number, note: Note): Promise<void> {
  await standby();
  const { postgres } = (await liveCluster()).spec as { postgres: { resources?: { requests?: { memory?: string } } } };
  const memory = postgres.resources?.requests?.memory === '200Mi' ? '201Mi' : '200Mi';
  await unharmed(note, async () => {
    await untilMoved('Update', () => changeSpec({ postgres: { resources: { requests: { memory } } } }));
    await eventually(async () => expect((await postgresStatus()).olderPods).toBe(0), SETTLED_SECONDS);
    await settled(SETTLED_SECONDS);
  });
}

/** All pods of a node, as a person would; each turn another one. */
async function drain(turn: number, note: Note): Promise<void> {
  await standby();
  const nodes = await workers();
  const node = nodes[turn % nodes.length] ?? '';
  try {
    await unharmed(note, () =>
      kubectl.run(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout', '240s']),
    );
  } finally {
    await kubectl.run(['uncordon', node]);
    await settled(SETTLED_SECONDS);
  }
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
    'a restart of all poolers',
    () => repeatedly('pooler restart', (_, note) => unharmed(note, restartPoolers)),
    HOUR,
  );

  clusterTest('a drain of any one node', () => repeatedly('kubectl drain of any one node', drain), HOUR);
});
