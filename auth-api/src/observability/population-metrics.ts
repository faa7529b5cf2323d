import { Gauge, type Registry } from 'prom-client';

/** What is counted in the database, for all pods. */
export interface Population {
  /** Neither ended nor expired. */
  readonly activeSessions: number;
  /** Not of today's algorithms: they are replaced when their users log in. */
  readonly legacyHashes: number;
  readonly waitingMails: number;
}

/** @param count undefined while it is not known */
export function observePopulation(registry: Registry, count: () => Population | undefined): void {
  const gauge = (name: string, help: string, key: keyof Population) => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const population = count();
        // No value is told from none.
        if (population === undefined) this.remove();
        else this.set(population[key]);
      },
    });
  };
  gauge('active_sessions', 'Sessions in the database that have neither ended nor expired', 'activeSessions');
  gauge('legacy_password_hashes', 'Stored hashes that wait for their upgrade', 'legacyHashes');
  gauge('waiting_mails', 'Mails that are to be sent, or sent again', 'waitingMails');
}
