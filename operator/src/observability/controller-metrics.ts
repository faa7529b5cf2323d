import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerObserver, ReconcileOutcome } from '../controller/controller.ts';

/** The name of the one controller that there is, as metrics have it. */
export const CONTROLLER = 'authcluster';
const RECONCILE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const OUTCOMES: readonly ReconcileOutcome[] = ['success', 'requeue_after', 'error'];

export function controllerMetrics(registry: Registry, concurrency: number): ControllerObserver {
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
