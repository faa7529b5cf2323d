import type { Logger } from 'pino';

export interface AnsweredRequest {
  readonly operation: string;
  readonly method: string | undefined;
  readonly status: number;
  readonly durationMs: number;
  /** The client left before its answer was written. */
  readonly isAbandoned?: boolean;
}

export interface RequestLogOptions {
  readonly log: Logger;
  /** The share of requests that get a line, 0 to 1; what failed here (5xx) gets one, while that is not too many. */
  readonly sampleRate: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly nowMs: () => number;
}

/** In an outage all requests fail, and a line of each would keep the pod from answering: beyond these they are sampled. */
const mostFailuresASecond = 100;

/** One line for a request: nothing in it was written by the client save the method. */
export type RequestLog = (request: AnsweredRequest) => void;

export function createRequestLog({ log, sampleRate, random, nowMs }: RequestLogOptions): RequestLog {
  // The line holds four values of ours: looking through it for secrets would cost more than writing it.
  const lines = log.child({}, { redact: [] });
  const isAmongFirst = firstOfEachSecond(mostFailuresASecond, nowMs);
  return ({ operation, method, status, durationMs, isAbandoned = false }) => {
    const isFirst = status >= 500 && isAmongFirst();
    if (!isFirst && (sampleRate === 0 || random() >= sampleRate)) return;
    const line = { method, operation, status, duration_ms: Math.round(durationMs) };
    lines.info(line, isAbandoned ? 'the client left' : 'answered');
  };
}

/** True for so many calls in each second. */
function firstOfEachSecond(most: number, nowMs: () => number): () => boolean {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let calls = 0;
  return () => {
    const now = nowMs();
    if (now - sinceMs >= 1_000) {
      sinceMs = now;
      calls = 0;
    }
    calls += 1;
    return calls <= most;
  };
}
