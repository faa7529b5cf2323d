import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { isOutage, NotConnectedError } from './database-errors.ts';

export interface Patience {
  /** Milliseconds after which a refusal is final; 0: at once. */
  readonly patienceMs: number;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

const tryAgainMs = 200;

/**
 * Tries again while there is no way to a primary for a moment. A connection is refused where it leads to a pooler that has
 * just stopped, and the next one leads to another. A login to a server fails where PgBouncer is told to
 * reconnect in the middle of it, or where a node still sends connections to a former primary; PgBouncer then refuses what
 * begins within the next second, and never something that has begun. PostgreSQL undoes what it refuses to write. So
 * nothing is done twice.
 * @throws what the last try throws
 */
export async function whileRefused<T>(operation: () => Promise<T>, { patienceMs, now, sleep }: Patience): Promise<T> {
  const untilMs = now() + patienceMs;
  while (true) {
    try {
      return await operation();
    } catch (error) {
      if (!isRefusal(error) || now() + tryAgainMs > untilMs) throw error;
    }
    await sleep(tryAgainMs);
  }
}

/** read_only_sql_transaction */
const readOnly = '25006';

/** The last as PgBouncer words it (objects.c, check_fast_fail), whatever it could not log in for. */
function isRefusal(error: unknown): boolean {
  // Who is told that the password is wrong will be told so again.
  if (error instanceof NotConnectedError) return isOutage(error.cause);
  const { cause } = error instanceof DependencyUnavailableError ? error : {};
  if (!(cause instanceof Error)) return false;
  const isReplica = 'code' in cause && cause.code === readOnly;
  return isReplica || cause.message.startsWith('server login has been failing');
}
