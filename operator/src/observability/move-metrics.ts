import { Counter, Histogram, type Registry } from 'prom-client';
import { MOVE_REASONS, type MoveReason } from '../postgres/moves.ts';
import type { MoveOutcome } from '../postgres/planned-move.ts';

const PAUSE_BUCKETS_SECONDS = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10];
const MOVE_OUTCOMES = { moved: 'moved', 'given up': 'given_up', late: 'late' } as const;

export function moveMetrics(registry: Registry): (reason: MoveReason, outcome: MoveOutcome) => void {
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
