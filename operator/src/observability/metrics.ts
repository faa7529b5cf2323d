import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AuthCluster } from '../api/authcluster.ts';
import type { ControllerObserver, ReconcileOutcome } from '../controller/controller.ts';
import type { WorkQueueObserver } from '../controller/work-queue.ts';
import type { WriteVerb } from '../kubernetes/client.ts';
import type { AnswerObserver } from '../kubernetes/transport.ts';
import { MOVE_REASONS, type MoveReason } from '../postgres/moves.ts';
import type { MoveOutcome } from '../postgres/planned-move.ts';
import { conditionMetrics } from './condition-metrics.ts';

export interface Metrics {
  registry: Registry;
  controller: ControllerObserver;
  queue: WorkQueueObserver;
  /** Reads the queue's unfinished work when metrics are scraped. */
  watchUnfinishedWork(read: () => { totalSeconds: number; longestSeconds: number }): void;
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
const CONTROLLER = 'authcluster';
const RECONCILE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const QUEUE_BUCKETS_SECONDS = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];
const PAUSE_BUCKETS_SECONDS = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10];
const MOVE_OUTCOMES = { moved: 'moved', 'given up': 'given_up', late: 'late' } as const;
const OUTCOMES: readonly ReconcileOutcome[] = ['success', 'requeue_after', 'error'];
const QUEUE = { name: CONTROLLER, controller: CONTROLLER };
const QUEUE_LABELS = ['name', 'controller'] as const;
const NO_ANSWER = '<error>';
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];

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

function controllerMetrics(registry: Registry, concurrency: number): ControllerObserver {
  const registers = [registry];
  const controller = CONTROLLER;
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciliations by result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciliations that failed',
    labelNames: ['controller'],
    registers,
  });
  const terminal = new Counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciliations that failed and are not retried',
    labelNames: ['controller'],
    registers,
  });
  const panics = new Counter({
    name: 'controller_runtime_reconcile_panics_total',
    help: 'Reconciliations that came upon a mistake of this program; the others went on',
    labelNames: ['controller'],
    registers,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of a reconciliation',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS_SECONDS,
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Workers that are reconciling',
    labelNames: ['controller'],
    registers,
  });
  const most = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Most workers that reconcile at once',
    labelNames: ['controller'],
    registers,
  });
  for (const result of OUTCOMES) total.inc({ controller, result }, 0);
  errors.inc({ controller }, 0);
  terminal.inc({ controller }, 0);
  panics.inc({ controller }, 0);
  time.zero({ controller });
  active.set({ controller }, 0);
  most.set({ controller }, concurrency);
  return {
    reconciled: (result, seconds, failure) => {
      total.inc({ controller, result });
      time.observe({ controller }, seconds);
      if (result === 'error') errors.inc({ controller });
      if (failure?.isTerminal) terminal.inc({ controller });
      if (failure?.isPanic) panics.inc({ controller });
    },
    activeWorkers: (count) => active.set({ controller }, count),
  };
}

/** As client-go counts them: `code` is that of the answer, `<error>` without one. */
function restClientMetrics(registry: Registry): Metrics['restClient'] {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server',
    labelNames: ['code', 'method', 'host'],
    registers: [registry],
  });
  return (host) => {
    for (const method of METHODS) for (const code of ['200', NO_ANSWER]) requests.inc({ code, method, host }, 0);
    return (method, status) => requests.inc({ code: status === undefined ? NO_ANSWER : String(status), method, host });
  };
}

function moveMetrics(registry: Registry): Metrics['moved'] {
  const registers = [registry];
  const total = new Counter({
    name: 'authcluster_operator_switchovers_total',
    help: 'Attempts to move or restart a PostgreSQL primary behind paused poolers',
    labelNames: ['reason', 'outcome'],
    registers,
  });
  const pause = new Histogram({
    name: 'authcluster_operator_switchover_pause_seconds',
    help: 'How long writes were held back',
    labelNames: ['reason'],
    buckets: PAUSE_BUCKETS_SECONDS,
    registers,
  });
  for (const reason of MOVE_REASONS) {
    for (const outcome of Object.values(MOVE_OUTCOMES)) total.inc({ reason, outcome }, 0);
    pause.zero({ reason });
  }
  return (reason, { kind, pauseSeconds }) => {
    total.inc({ reason, outcome: MOVE_OUTCOMES[kind] });
    pause.observe({ reason }, pauseSeconds);
  };
}

function queueMetrics(registry: Registry): WorkQueueObserver {
  const registers = [registry];
  const labelNames = QUEUE_LABELS;
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Keys waiting for a worker', labelNames, registers });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added', labelNames, registers });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys added after a failure',
    labelNames,
    registers,
  });
  const queued = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waited for a worker',
    labelNames,
    buckets: QUEUE_BUCKETS_SECONDS,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long a worker had a key',
    labelNames,
    buckets: QUEUE_BUCKETS_SECONDS,
    registers,
  });
  depth.set(QUEUE, 0);
  adds.inc(QUEUE, 0);
  retries.inc(QUEUE, 0);
  queued.zero(QUEUE);
  worked.zero(QUEUE);
  return {
    added: () => adds.inc(QUEUE),
    retried: () => retries.inc(QUEUE),
    depth: (keys) => depth.set(QUEUE, keys),
    started: (seconds) => queued.observe(QUEUE, seconds),
    finished: (seconds) => worked.observe(QUEUE, seconds),
  };
}

function unfinishedWork(registry: Registry): Metrics['watchUnfinishedWork'] {
  let read = () => ({ totalSeconds: 0, longestSeconds: 0 });
  new Gauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'Seconds of work in progress, all workers together',
    labelNames: QUEUE_LABELS,
    registers: [registry],
    collect() {
      this.set(QUEUE, read().totalSeconds);
    },
  });
  new Gauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How long the longest running worker has been at it',
    labelNames: QUEUE_LABELS,
    registers: [registry],
    collect() {
      this.set(QUEUE, read().longestSeconds);
    },
  });
  return (reader) => {
    read = reader;
  };
}
