import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config.ts';
import { loggedError } from './logged-error.ts';

/** JSON lines on standard output, with the ids of the trace where there is one. What could hold a secret is never logged; these paths are the second lock. */
export function createLog(level: LogLevel, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: { service: 'authcluster-operator' },
    mixin: traceIds,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: loggedError },
    redact: [
      'password',
      '*.password',
      '*.verifier',
      'headers.authorization',
      '*.headers.authorization',
      'data',
      '*.data',
    ],
  };
  return pino(options, destination);
}

function traceIds(): { trace_id: string; span_id: string } | Record<string, never> {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
}
