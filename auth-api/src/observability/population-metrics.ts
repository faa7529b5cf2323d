import { Gauge, type Registry } from 'prom-client';

/** What is counted in the database, for all pods. */
export interface Population {
  /** Neither ended nor expired. */
  readonly activeSessions: number;
  /** Of another format than new ones: replaced when their users log in, as are those of a lower cost, not counted here. */
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
  gauge('legacy_password_hashes', 'Stored password hashes of another format than new ones have', 'legacyHashes');
  gauge('waiting_mails', 'Mails that are to be sent, or sent again', 'waitingMails');
}
