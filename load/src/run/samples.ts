import { type MetricSample, sumOf } from './prometheus-text.ts';

/** What was seen of the system at one time. Whatever could not be read is absent. */
export interface Sample {
  /** Since the start of the run. */
  readonly atSeconds: number;
  readonly api?: ApiSample;
  readonly autoscaler?: { readonly desired: number; readonly current: number };
  /** Summed over the pods of a component. */
  readonly tiers?: Readonly<Record<string, TierSample>>;
  /** Busy share of all cores of the machine that makes the load. */
  readonly machineUtilisation?: number;
}

export interface TierSample {
  readonly pods: number;
  readonly cpuCores: number;
  readonly memoryMib: number;
  /** Sum of the CPU limits; absent where a pod has none. */
  readonly limitCores?: number;
}

/** Of all pods of the auth API together. Counters grow from the start of each pod. */
export interface ApiSample {
  readonly pods: number;
  readonly cpuSeconds: number;
  readonly memoryMib: number;
  readonly hashesWaiting?: number;
  readonly hashesRunning?: number;
  readonly activeWriteConnections?: number;
  readonly activeReadConnections?: number;
  readonly cacheHits?: number;
  readonly cacheMisses?: number;
  /** Lookups of sessions that the memory of the pod that was asked answered. */
  readonly memoryHits?: number;
  /** Those that it did not: the tier that pods share was asked next, or PostgreSQL. */
  readonly memoryMisses?: number;
  readonly querySeconds?: number;
  readonly queries?: number;
}

/** What the auth API's metrics say; one list of samples per pod. */
export function apiSample(pods: readonly (readonly MetricSample[])[]): ApiSample {
  const all = pods.flat();
  const pool = (kind: 'primary' | 'replicas') => {
    const total = sumOf(all, `postgres_pool_${kind}`, { state: 'total' });
    return total === undefined ? undefined : total - (sumOf(all, `postgres_pool_${kind}`, { state: 'idle' }) ?? 0);
  };
  return {
    pods: pods.length,
    cpuSeconds: sumOf(all, 'process_cpu_seconds_total') ?? 0,
    memoryMib: (sumOf(all, 'process_resident_memory_bytes') ?? 0) / 2 ** 20,
    ...present('hashesWaiting', sumOf(all, 'password_hashing', { state: 'queued' })),
    ...present('hashesRunning', sumOf(all, 'password_hashing', { state: 'busy' })),
    ...present('activeWriteConnections', pool('primary')),
    ...present('activeReadConnections', pool('replicas')),
    ...present('cacheHits', sumOf(all, 'cache_operations_total', { result: 'hit' })),
    ...present('cacheMisses', missesOf(all)),
    ...memoryLookups(all),
    ...present('querySeconds', sumOf(all, 'postgres_query_duration_seconds_sum')),
    ...present('queries', sumOf(all, 'postgres_query_duration_seconds_count')),
  };
}

/**
 * What a pod's memory does not answer is looked up in the tier that pods share: a miss is what neither of them has answered,
 * be it not known, not to be trusted or not to be had.
 */
const SESSION_IN_MEMORY = 'get_session';
const MEMORY_OF_A_POD = [SESSION_IN_MEMORY, 'get_user_basic'];

function missesOf(all: readonly MetricSample[]): number | undefined {
  const lookups = (labels: Record<string, string>) => sumOf(all, 'cache_operations_total', labels);
  if (lookups({}) === undefined) return undefined;
  const unanswered = (labels: Record<string, string>) =>
    (lookups(labels) ?? 0) - (lookups({ ...labels, result: 'hit' }) ?? 0);
  return MEMORY_OF_A_POD.reduce((left, operation) => left - unanswered({ operation }), unanswered({}));
}

/** What is bypassed, since the pod may have missed invalidations, its memory does not answer. */
function memoryLookups(all: readonly MetricSample[]): Pick<ApiSample, 'memoryHits' | 'memoryMisses'> {
  const lookups = (labels: Record<string, string>) =>
    sumOf(all, 'cache_operations_total', { ...labels, operation: SESSION_IN_MEMORY });
  const total = lookups({});
  if (total === undefined) return {};
  const memoryHits = lookups({ result: 'hit' }) ?? 0;
  return { memoryHits, memoryMisses: total - memoryHits };
}

/** A property only where there is a value. */
function present<Name extends string>(name: Name, value: number | undefined): { readonly [N in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]: number });
}
