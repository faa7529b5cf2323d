import { expect } from '@jest/globals';
import { type AuthClusterObject, waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { AUTH_CLUSTERS, INSTANCE, kubectl, NAME, NAMESPACE } from './cluster.ts';
import type { MixedResult } from './data-load.ts';
import { eventually } from './eventually.ts';

/** Chooses the database's pods, and nothing else. */
export const DATABASE_PODS = `${INSTANCE},app.kubernetes.io/component=postgres`;
export const SWITCHOVER = 'authcluster.dev/switchover';
/** As the issue of a planned move promises. */
export const LONGEST_PAUSE_SECONDS = 5;

export interface PostgresStatus {
  primary: string;
  change?: string;
  olderPods: number;
  storage: string;
  synchronousStandbys?: string[];
  lastSwitchover?: Switchover;
}

export interface Switchover {
  from: string;
  to: string;
  reason: string;
  outcome: string;
  pauseMilliseconds: number;
  time: string;
}

type Cluster = AuthClusterObject & { status?: { postgres?: PostgresStatus } };

export interface DatabasePod extends KubernetesObject {
  spec: { nodeName: string; containers: { resources: { requests: { memory: string } } }[] };
}

export async function liveCluster(): Promise<Cluster> {
  const cluster = await kubectl.find<Cluster>(NAMESPACE, AUTH_CLUSTERS, NAME);
  if (cluster === undefined) throw new Error('the AuthCluster is gone');
  return cluster;
}

export async function postgresStatus(): Promise<PostgresStatus> {
  const { status } = await liveCluster();
  if (status?.postgres === undefined) throw new Error('the status tells nothing of PostgreSQL');
  return status.postgres;
}

/** The replica that has every commit. */
export async function standby(): Promise<string> {
  const { synchronousStandbys = [] } = await eventually(async () => {
    const status = await postgresStatus();
    expect(status.synchronousStandbys).toHaveLength(1);
    return status;
  }, 180);
  return synchronousStandbys[0] ?? '';
}

export async function annotate(value: string): Promise<void> {
  await kubectl.run(['annotate', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, value, '--overwrite']);
}

export async function changeSpec(spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await kubectl.run(['patch', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--type', 'merge', '--patch', patch]);
}

/** Resolves when the AuthCluster is Ready for its present spec. */
export async function settled(timeoutSeconds = 240): Promise<PostgresStatus> {
  await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds });
  return postgresStatus();
}

export async function databasePods(): Promise<DatabasePod[]> {
  return kubectl.list<DatabasePod>(NAMESPACE, 'pods', DATABASE_PODS);
}

/** Without a chance to end in order, and without waiting until it is gone. */
export async function forceDelete(pod: string): Promise<void> {
  await kubectl.run(['delete', 'pod', '-n', NAMESPACE, pod, '--force', '--grace-period=0']);
}

export async function nodeOf(pod: string): Promise<string> {
  const found = (await databasePods()).find(({ metadata }) => metadata.name === pod);
  if (found === undefined) throw new Error(`there is no pod ${pod}`);
  return found.spec.nodeName;
}

/**
 * Begins a planned move; resolves when it is over, shows in the status, and all is as the spec says. One that is given up
 * is tried again by the operator.
 */
export async function untilMoved(
  reason: string,
  begin: () => Promise<unknown>,
  { settle = true, timeoutSeconds = 240 } = {},
): Promise<Switchover> {
  const { lastSwitchover: before } = await postgresStatus();
  await begin();
  const moved = await eventually(async () => {
    const { lastSwitchover } = await postgresStatus();
    if (lastSwitchover === undefined || lastSwitchover.time === before?.time) throw new Error('nothing has moved yet');
    expect(lastSwitchover).toMatchObject({ reason, outcome: expect.stringMatching('Moved|Late') });
    return lastSwitchover;
  }, timeoutSeconds);
  if (settle) await settled(timeoutSeconds);
  return moved;
}

export function failuresOf({ writes, checks, reads, logins }: MixedResult): string[] {
  return [...writes.failures, ...checks.failures, ...reads.failures, ...logins.failures];
}

/** No request failed, no acknowledged write is gone, and nobody waited for longer than a planned move may take. */
export function expectUnharmed(load: MixedResult): void {
  expect(failuresOf(load)).toEqual([]);
  expect(load.writes.lost).toBe(0);
  expect(load.writes.gapSeconds).toBeLessThan(LONGEST_PAUSE_SECONDS);
}
