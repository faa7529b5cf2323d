/** One fault of a request: where (RFC 6901, into the body) and what. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** An answer that is none of success, as the service tells it (RFC 9457). Holds nothing of the request. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** A URI; `about:blank` where something between answered, a proxy say. */
  readonly type: string;
  /** The last part of `type`: `invalid-credentials`, say. */
  readonly code: string;
  readonly detail: string | undefined;
  readonly errors: readonly Fault[];
  /** When to come again, where the service said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(response: Response, body: unknown) {
    const members = isProblem(body) ? body : {};
    super(members.title ?? (response.statusText || `The answer was ${response.status}`));
    this.status = response.status;
    this.type = members.type ?? 'about:blank';
    this.code = this.type.slice(this.type.lastIndexOf('/') + 1);
    this.detail = members.detail;
    this.errors = members.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds(response.headers.get('retry-after'), Date.now());
  }
}

interface ProblemMembers {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly Fault[];
}

function isProblem(body: unknown): body is ProblemMembers {
  return typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string';
}

/** Seconds, or a date (RFC 9110 section 10.2.3); undefined where there is none that can be read. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - nowMs) / 1000);
}
