import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api';

const TRACER = 'authcluster-operator';

/** Runs `work` within a span. While tracing is off OpenTelemetry's API does nothing, and neither does this. */
export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getTracer(TRACER).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Says more about the span that is under way, if there is one. */
export function noteInSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}
