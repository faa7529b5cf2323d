export interface WorkerCountChoice {
  readonly workers: number;
  readonly limitedBy: 'request' | 'cpu-limit' | 'available-parallelism';
}

/**
 * How many hashing threads to run: as many as asked for, but never more than would run at once, since more of them
 * only make each login slower.
 * @param cpuLimitMillicores the pod's limit; undefined when it has none
 * @param availableParallelism what os.availableParallelism() says
 */
export function chooseWorkerCount(
  requested: number,
  cpuLimitMillicores: number | undefined,
  availableParallelism: number,
): WorkerCountChoice {
  const byLimit =
    cpuLimitMillicores === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(cpuLimitMillicores / 1000));
  const workers = Math.max(1, Math.min(requested, byLimit, availableParallelism));
  if (workers === requested) return { workers, limitedBy: 'request' };
  return { workers, limitedBy: byLimit <= availableParallelism ? 'cpu-limit' : 'available-parallelism' };
}
