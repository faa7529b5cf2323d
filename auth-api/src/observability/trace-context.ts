import { TraceFlags, trace } from '@opentelemetry/api';

/** For lines of the log; nothing while nobody traces. */
export function traceIds(): { trace_id: string; span_id: string } | Record<string, never> {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
}

/** Of the trace that this request is part of, if it is sent to the collector: one that was not sampled leads nowhere. */
export function recordedTraceId(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0 ? context.traceId : undefined;
}
