import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl, KubernetesObject } from './kubectl.ts';

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

export interface AuthClusterObject extends KubernetesObject {
  spec: Record<string, unknown>;
  status?: { observedGeneration?: number; conditions?: Condition[]; api?: { image?: string } };
}

/** In the order in which the operator works: the first that is not True is what everything else waits for. */
const TIERS = ['DatabaseReady', 'PoolerReady', 'CacheReady', 'MigrationsApplied', 'ApiReady', 'GatewayReady', 'Ready'];

/**
 * The first condition that keeps an AuthCluster from being Ready, or `undefined` once it is for its present spec. With
 * `apiImage`, a status that speaks of another image does not count: after an upgrade of the operator it is out of date.
 */
export function blockingCondition(cluster: AuthClusterObject, apiImage?: string): Condition | undefined {
  const { generation } = cluster.metadata;
  if (cluster.status?.observedGeneration !== generation) {
    return { type: 'Ready', status: 'Unknown', message: 'the operator has not looked at this version of the spec yet' };
  }
  const conditions = new Map((cluster.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const ready = conditions.get('Ready');
  if (ready?.status === 'True' && (apiImage ?? cluster.status?.api?.image) !== cluster.status?.api?.image) {
    return {
      type: 'ApiReady',
      status: 'Unknown',
      message: 'the upgraded operator has not rolled its auth API out yet',
    };
  }
  if (ready?.status === 'True') return undefined;
  const tier = TIERS.map((type) => conditions.get(type)).find((condition) => condition?.status === 'False');
  return tier ?? ready ?? { type: 'Ready', status: 'Unknown', message: 'no condition is reported yet' };
}

/** One line for a person: `DatabaseReady: waiting for a primary (PrimaryMissing)`. */
export function describeCondition(condition: Condition): string {
  const reason = condition.reason === undefined ? '' : ` (${condition.reason})`;
  return `${condition.type}: ${condition.message ?? condition.status}${reason}`;
}

export interface WaitOptions {
  timeoutSeconds: number;
  /** The image that the auth API is to run, where an upgrade of the operator may have changed it. */
  apiImage?: string;
  /** Called with a description each time that what is waited for changes. */
  onWaiting?: (description: string) => void;
}

/** Resolves when the AuthCluster is Ready for its present generation; rejects after the time-out with what it waits for. */
export async function waitUntilReady(
  kubectl: Kubectl,
  namespace: string,
  name: string,
  { timeoutSeconds, apiImage, onWaiting }: WaitOptions,
): Promise<AuthClusterObject> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let last: string | undefined;
  while (true) {
    const cluster = await kubectl.find<AuthClusterObject>(namespace, 'authclusters.authcluster.dev', name);
    if (cluster === undefined) throw new Error(`there is no AuthCluster ${name} in namespace ${namespace}`);
    const blocking = blockingCondition(cluster, apiImage);
    if (blocking === undefined) return cluster;
    const description = describeCondition(blocking);
    if (Date.now() > deadline) throw new Error(`not Ready after ${timeoutSeconds} s: ${description}`);
    if (description !== last) onWaiting?.(description);
    last = description;
    await sleep(1000);
  }
}
