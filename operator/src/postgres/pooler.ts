import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { type Login, type PostgresTarget, withPostgres } from './connection.ts';

const PORT = 5432;
/** PAUSE is done when no transaction is under way: one that takes longer is not worth everybody else's wait. */
const PAUSE_TIMEOUT_MS = 1500;
const RESUME_TIMEOUT_MS = 1000;

/**
 * Has a PgBouncer replace its server connections as they come free, so that none stays on an ex-primary. Clients
 * notice nothing. The admin console is a database named `pgbouncer` that speaks the simple protocol only.
 */
export async function reconnectPooler(dialer: PodDialer, pod: PodAddress, login: Login): Promise<void> {
  await withPostgres(dialer, console(pod, login), (sql) => sql.query('RECONNECT'));
}

/**
 * Has a PgBouncer hold all statements back once the transactions under way have ended. Of all its databases, because
 * that is what the image's watchdog ends after 5 s. Rejects when they take too long; resumePooler then lets those that
 * wait go on.
 */
export async function pausePooler(dialer: PodDialer, pod: PodAddress, login: Login): Promise<void> {
  const target = { ...console(pod, login), queryTimeoutMs: PAUSE_TIMEOUT_MS };
  await withPostgres(dialer, target, (sql) => sql.query('PAUSE'));
}

/** Lets statements through, over new server connections. One that is not paused (any more) is as it should be. */
export async function resumePooler(dialer: PodDialer, pod: PodAddress, login: Login): Promise<void> {
  await withPostgres(dialer, { ...console(pod, login), queryTimeoutMs: RESUME_TIMEOUT_MS }, async (sql) => {
    await sql.query('RECONNECT');
    await sql.query('RESUME').catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.includes('is not paused')) throw error;
    });
  });
}

function console(pod: PodAddress, login: Login): PostgresTarget {
  return { pod, port: PORT, database: 'pgbouncer', login };
}
