/** One field another manager holds, as the 409 of a server-side apply names it. */
export interface FieldConflict {
  manager: string;
  field: string;
}

interface StatusBody {
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number };
}

/** The API server's refusal (a metav1.Status). Never carries the request body, which may hold a Secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, ...; empty when the answer was not a Status. */
  readonly reason: string;
  readonly conflicts: readonly FieldConflict[];
  readonly retryAfterSeconds: number | undefined;

  constructor(request: { method: string; path: string }, status: number, body: string) {
    const parsed = parseStatus(body);
    super(`${request.method} ${request.path}: ${status} ${parsed.message ?? parsed.reason ?? 'no message'}`);
    this.status = status;
    this.reason = parsed.reason ?? '';
    this.conflicts = fieldConflicts(parsed);
    this.retryAfterSeconds = parsed.details?.retryAfterSeconds;
  }
}

/** No usable answer: refused, reset, timed out. The request may or may not have been carried out. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** A kept connection that the server had closed meanwhile: nothing was carried out, and a new one will do. */
  readonly staleConnection: boolean;

  constructor(message: string, options: { cause?: unknown; staleConnection?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.staleConnection = options.staleConnection ?? false;
  }
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as StatusBody) : {};
  } catch {
    return {};
  }
}

/** Cause messages read: conflict with "kubectl" using apps/v1 */
function fieldConflicts(status: StatusBody): FieldConflict[] {
  const causes = status.details?.causes ?? [];
  return causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => ({
      manager: /conflict with "([^"]*)"/.exec(cause.message ?? '')?.[1] ?? 'unknown',
      field: cause.field ?? '',
    }));
}

export function isStatus(error: unknown, ...statuses: number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status);
}

/**
 * Whether repeating the same request can ever succeed. 400 and 422 mean that we sent something the API server
 * will refuse until the AuthCluster or the operator changes; everything else may pass (quota, conflict, outage).
 */
export function isRetryable(error: unknown): boolean {
  return !isStatus(error, 400, 422);
}
