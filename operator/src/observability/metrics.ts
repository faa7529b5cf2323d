import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { AuthCluster } from '../api/authcluster.ts';
import type { ControllerObserver } from '../controller/controller.ts';
import type { WorkQueueObserver } from '../controller/work-queue.ts';
import type { WriteVerb } from '../kubernetes/client.ts';
import type { AnswerObserver } from '../kubernetes/transport.ts';
import type { MoveReason } from '../postgres/moves.ts';
import type { MoveOutcome } from '../postgres/planned-move.ts';
import { conditionMetrics } from './condition-metrics.ts';
import { controllerMetrics } from './controller-metrics.ts';
import { moveMetrics } from './move-metrics.ts';
import { queueMetrics, type UnfinishedWork, unfinishedWork } from './queue-metrics.ts';
import { restClientMetrics } from './rest-client-metrics.ts';

export interface Metrics {
  registry: Registry;
  controller: ControllerObserver;
  queue: WorkQueueObserver;
  /** Reads the queue's unfinished work when metrics are scraped. */
  watchUnfinishedWork(read: () => UnfinishedWork): void;
  /** Reads the AuthClusters when metrics are scraped. */
  watchConditions(read: () => readonly AuthCluster[]): void;
  leading(name: string, leads: boolean): void;
  /** Writes to the API server, by what was done. A no-op reconcile makes none. */
  wrote(verb: WriteVerb): void;
  /** Hears of answers of the API server at `host`, to whatever was asked of it. */
  restClient(host: string): AnswerObserver;
  /** A reflector that had to begin again. */
  watchFailed(resource: string): void;
  /** A primary that was moved or restarted behind paused poolers, or was to be. */
  moved(reason: MoveReason, outcome: MoveOutcome): void;
}

const WRITE_VERBS: readonly WriteVerb[] = ['create', 'apply', 'applyStatus', 'patch', 'delete'];

export interface MetricsOptions {
  /** Watched, by their qualified names. */
  resources: readonly string[];
  /** How many keys are reconciled at once. */
  concurrency: number;
}

/** Metrics under controller-runtime's names, so that its dashboards and alerts fit; all start at zero. */
export function createMetrics({ resources, concurrency }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const unfinished = unfinishedWork(registry);
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process holds the lease: 0 or 1',
    labelNames: ['name'],
    registers: [registry],
  });
  const writes = new Counter({
    name: 'authcluster_operator_writes_total',
    help: 'Writes sent to the API server',
    labelNames: ['verb'],
    registers: [registry],
  });
  for (const verb of WRITE_VERBS) writes.inc({ verb }, 0);
  const watchFailures = new Counter({
    name: 'authcluster_operator_watch_failures_total',
    help: 'Lists or watches that failed and were begun again',
    labelNames: ['resource'],
    registers: [registry],
  });
  for (const resource of resources) watchFailures.inc({ resource }, 0);
  return {
    registry,
    controller: controllerMetrics(registry, concurrency),
    queue: queueMetrics(registry),
    watchUnfinishedWork: unfinished,
    watchConditions: conditionMetrics(registry),
    leading: (name, leads) => leader.set({ name }, leads ? 1 : 0),
    wrote: (verb) => writes.inc({ verb }),
    restClient: restClientMetrics(registry),
    moved: moveMetrics(registry),
    watchFailed: (resource) => watchFailures.inc({ resource }),
  };
}
