import type { Logger } from 'pino';
import { ensureFirstAdministrator, type FirstAdministratorPorts } from '../domain/first-administrator.ts';
import { readCredentials } from '../storage/postgres/connection.ts';

export interface AppointmentOptions {
  /** With the files `username` and `password`, which may come and change at any time. */
  readonly directory: string;
  readonly ports: FirstAdministratorPorts;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly pause: () => Promise<unknown>;
  readonly stopping: AbortSignal;
}

/**
 * Tries until it is settled: neither the database, its schema nor the files need be there when a pod starts. What is
 * refused is tried again when the files have changed. The log tells each obstacle once.
 */
export async function appointAdministrator(options: AppointmentOptions): Promise<void> {
  const { ports, log, stopping } = options;
  let refused = '';
  let told = '';
  const tell = (obstacle: string, write: () => void) => {
    if (obstacle !== told) write();
    told = obstacle;
  };
  for (; !stopping.aborted; await options.pause()) {
    try {
      const { user: username, password } = readCredentials(options.directory);
      const presented = JSON.stringify([username, password]);
      if (presented === refused) continue;
      const outcome = await ensureFirstAdministrator({ username, password }, ports);
      if (outcome.kind === 'refused') {
        refused = presented;
        log.error({ reason: outcome.reason }, 'there is no administrator yet: the credentials given are refused');
      } else if (outcome.kind !== 'notNow') {
        log.info({ outcome: outcome.kind }, 'first administrator');
        return;
      }
    } catch (error) {
      tell(String(error), () => log.warn({ error }, 'the first administrator could not be appointed yet'));
    }
  }
}
