import type { AuthCluster } from '../api/authcluster.ts';
import type { PathsSeen } from '../postgres/pooler-paths.ts';
import { names } from '../specs/names.ts';
import { replicaServers } from '../specs/postgres/servers.ts';
import type { Observed } from './observed.ts';
import { refusal, replicaFailure } from './refusals.ts';
import { complete, serving, type TierState, waiting } from './tier-state.ts';
import { readyOf, rolledOut } from './workloads.ts';

export function poolers(cluster: AuthCluster, observed: Observed): TierState {
  const name = names(cluster);
  const wanted = [name.poolerReadWrite, ...(replicaServers(cluster) === undefined ? [] : [name.poolerReadOnly])];
  const state = poolersState(cluster, observed, wanted);
  const refused = wanted.find((each) => replicaFailure(observed.deployments.get(each)) !== undefined);
  if (state.trouble !== undefined || refused === undefined) return state;
  const { message = 'no reason given' } = replicaFailure(observed.deployments.get(refused)) ?? {};
  return { ...state, trouble: refusal(`Deployment ${refused}`, message) };
}

/** `wanted` are the names of the Deployments. */
function poolersState(
  cluster: AuthCluster,
  { deployments, poolerPaths }: Observed,
  wanted: readonly string[],
): TierState {
  const { instances } = cluster.spec.postgres.pooler;
  for (const each of wanted) {
    const deployment = deployments.get(each);
    if (deployment === undefined) return waiting('WaitingForDatabase', `${each} begins when the database serves`);
    if (readyOf(deployment) === 0) return waiting('NotReady', `no pod of ${each} is ready`);
  }
  const path = poolerPaths && pathState(poolerPaths, wanted.includes(names(cluster).poolerReadOnly));
  if (path !== undefined) return path;
  for (const each of wanted) {
    const deployment = deployments.get(each);
    const ready = readyOf(deployment);
    if (!rolledOut(deployment) || ready < instances) {
      return serving('RollingOut', `${ready} of ${instances} pods of ${each} are ready`);
    }
  }
  return complete(`${wanted.join(' and ')} serve with ${instances} each`);
}

/** What is amiss with the ways through the poolers; undefined where nothing is. Reads can go to the primary, too. */
function pathState({ readWrite, readOnly }: PathsSeen, hasReadOnly: boolean): TierState | undefined {
  if (readWrite.kind === 'unknown') return waiting('CheckingPath', 'a login through the poolers is being tried');
  if (readWrite.kind === 'broken') return waiting('PrimaryUnreachable', readWrite.message);
  if (!hasReadOnly || readOnly.kind === 'works') return undefined;
  if (readOnly.kind === 'unknown') return serving('CheckingPath', 'a login through the poolers is being tried');
  const message = `no replica answers, and the API reads from the primary: ${readOnly.message}`;
  return { ...serving('ReplicasUnreachable', message), trouble: { reason: 'ReplicasUnreachable', message } };
}
