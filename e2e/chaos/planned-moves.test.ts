import { describe } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { chaosClient, HOUR, SETTLED_SECONDS } from '../support/chaos-cluster.ts';
import { kubectl } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { annotate, changeSpec, expectUnharmed, SWITCHOVER, settled, standby, untilMoved } from '../support/database.ts';
import { restartPoolers } from '../support/poolers.ts';
import { type Measured, repeatedly } from '../support/repeated.ts';

const client = chaosClient();

/** No request may fail for it; tells for how long writes waited at the most. */
async function unharmed(during: () => Promise<unknown>): Promise<Measured> {
  const load = await underMixedLoad(client, () => during().then(() => undefined));
  expectUnharmed(load);
  return { 'longest pause of writes': load.writes.gapSeconds };
}

/** Nodes that run pods of an AuthCluster. */
async function workers(): Promise<string[]> {
  const nodes = await kubectl.list<KubernetesObject & { spec: { taints?: unknown[] } }>('', 'nodes');
  return nodes.filter(({ spec }) => spec.taints === undefined).map(({ metadata }) => metadata.name);
}

async function switchOver(): Promise<Measured> {
  const to = await standby();
  return unharmed(() => untilMoved('Requested', () => annotate(`${SWITCHOVER}=${to}`)));
}

/** More connections in one turn, fewer in the next: the two take different ways. */
async function restart(turn: number): Promise<Measured> {
  const max_connections = turn % 2 === 0 ? '120' : '100';
  return unharmed(() => untilMoved('Parameters', () => changeSpec({ postgres: { parameters: { max_connections } } })));
}

/** All pods of a node, as a person would; each turn another one. */
async function drain(turn: number): Promise<Measured> {
  const nodes = await workers();
  const node = nodes[turn % nodes.length] ?? '';
  try {
    return await unharmed(async () => {
      await kubectl.run(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout', '240s']);
    });
  } finally {
    await kubectl.run(['uncordon', node]);
    await settled(SETTLED_SECONDS);
  }
}

describe('no request fails for', () => {
  clusterTest('a switchover by annotation', () => repeatedly('planned switchover', switchOver), HOUR);

  clusterTest('a setting that needs a restart', () => repeatedly('parameter restart', restart), HOUR);

  clusterTest('a restart of all poolers', () => repeatedly('pooler restart', () => unharmed(restartPoolers)), HOUR);

  clusterTest('a drain of any one node', () => repeatedly('`kubectl drain` of any one node', drain), HOUR);
});
