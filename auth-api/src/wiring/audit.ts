import type { Logger } from 'pino';
import { AuditBuffer, type AuditEnd } from '../audit/audit-buffer.ts';
import { repeat } from '../background/repeat.ts';
import type { AuditLog } from '../domain/audit.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { AuditMetrics } from '../observability/audit-metrics.ts';
import type { Metrics } from '../observability/metrics.ts';
import { insertAuditEvents } from '../storage/postgres/audit-events.ts';
import { PostgresAuditLog } from '../storage/postgres/audit-log.ts';
import { isDatabaseAnswer } from '../storage/postgres/database-errors.ts';
import type { Databases } from './databases.ts';

const flushIntervalMs = 500;
const batchSize = 200;
/** Some 10 MB; a minute of more failed logins than a pod can check. */
const maxEvents = 20_000;

export interface StartedAudit {
  readonly log: AuditLog;
  /** Writes what is waiting. */
  stop(): Promise<void>;
}

export function startAudit({
  databases,
  metrics,
  log,
  clock,
  key,
}: {
  readonly databases: Pick<Databases, 'primary'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly key: () => Buffer;
}): StartedAudit {
  const { primary } = databases;
  const onEnd = (end: AuditEnd, events: number) => counts.ended(end, events);
  const buffer = new AuditBuffer({
    write: (events) => insertAuditEvents((statement, values) => primary.query(statement, values), events),
    isRefusal: isDatabaseAnswer,
    maxEvents,
    batchSize,
    nowMs: () => clock.nowMs(),
    onEnd,
  });
  const counts = new AuditMetrics(metrics.registry, () => buffer.size);
  const onError = (error: unknown) =>
    log.warn({ error, waiting: buffer.size }, 'audit events could not be written yet');
  const flushing = repeat(() => buffer.flush(), flushIntervalMs, onError);
  return {
    log: new PostgresAuditLog({ primary, buffer, clock, key }),
    stop: async () => {
      await flushing.stop();
      await buffer.close().catch((error: unknown) => log.error({ error }, 'audit events were lost'));
    },
  };
}
