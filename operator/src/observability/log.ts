import { trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';
import type { LogLevel } from '../config.ts';

/** JSON lines on standard output, with the ids of the trace where there is one. What could hold a secret is never logged; these paths are the second lock. */
export function createLog(level: LogLevel): Logger {
  return pino({
    level,
    base: { service: 'authcluster-operator' },
    mixin: traceIds,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // A command that Redis refuses is part of the error, its arguments included.
    redact: [
      'err.command',
      'password',
      '*.password',
      '*.verifier',
      'headers.authorization',
      '*.headers.authorization',
      'data',
      '*.data',
    ],
  });
}

function traceIds(): { trace_id: string; span_id: string } | Record<string, never> {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
}
