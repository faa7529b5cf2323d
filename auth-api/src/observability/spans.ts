import { createHmac } from 'node:crypto';
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { SpanNotes, Spans } from '../domain/ports/spans.ts';

/** Spans of OpenTelemetry. While tracing is off its API does nothing, and neither does this. */
export class OpenTelemetrySpans implements Spans {
  readonly #tracer = trace.getTracer('auth-api');
  readonly #key: () => Buffer;

  /** @param key makes the hashes of user names: a plain hash could be looked up in a list of names */
  constructor(key: () => Buffer) {
    this.#key = key;
  }

  run<T>(name: string, work: () => Promise<T>, notes: SpanNotes<T> = {}): Promise<T> {
    return this.#tracer.startActiveSpan(name, async (span) => {
      if (!span.isRecording()) return work();
      try {
        this.#noteUser(span, notes.username);
        const result = await work();
        if (notes.outcome !== undefined) span.setAttribute('auth.outcome', notes.outcome(result));
        return result;
      } catch (error) {
        span.recordException(error instanceof Error ? error : String(error));
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  #noteUser(span: Span, username: string | undefined): void {
    if (username === undefined) return;
    const hash = createHmac('sha256', this.#key()).update('trace user name\0').update(username).digest('base64url');
    span.setAttribute('user.hash', hash);
  }
}
