import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkQueueObserver } from '../controller/work-queue.ts';
import { CONTROLLER } from './controller-metrics.ts';

const QUEUE_BUCKETS_SECONDS = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];
const QUEUE = { name: CONTROLLER, controller: CONTROLLER };
const QUEUE_LABELS = ['name', 'controller'] as const;

/** Seconds of work that workers have not ended. */
export interface UnfinishedWork {
  totalSeconds: number;
  longestSeconds: number;
}

export function queueMetrics(registry: Registry): WorkQueueObserver {
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

export function unfinishedWork(registry: Registry): (read: () => UnfinishedWork) => void {
  let read = (): UnfinishedWork => ({ totalSeconds: 0, longestSeconds: 0 });
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
