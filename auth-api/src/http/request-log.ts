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
  /** The share of requests that get a line, 0 to 1; what failed here (5xx) always gets one. */
  readonly sampleRate: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** One line for a request: nothing in it was written by the client save the method. */
export type RequestLog = (request: AnsweredRequest) => void;

export function createRequestLog({ log, sampleRate, random }: RequestLogOptions): RequestLog {
  // The line holds four values of ours: looking through it for secrets would cost more than writing it.
  const lines = log.child({}, { redact: [] });
  return ({ operation, method, status, durationMs, isAbandoned = false }) => {
    if (status < 500 && (sampleRate === 0 || random() >= sampleRate)) return;
    const line = { method, operation, status, duration_ms: Math.round(durationMs) };
    lines.info(line, isAbandoned ? 'the client left' : 'answered');
  };
}
