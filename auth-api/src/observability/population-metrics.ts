import { Gauge, type Registry } from 'prom-client';

/** What is counted in the database, for all pods; undefined what could not be for a while. */
export interface Population {
  /** Neither ended nor expired. */
  readonly activeSessions: number | undefined;
  /** Of another format than new ones: replaced when their users log in, as are those of a lower cost, not counted here. */
  readonly legacyHashes: number | undefined;
  readonly waitingMails: number | undefined;
}

/** @param count undefined while nothing is known */
export function observePopulation(registry: Registry, count: () => Population | undefined): void {
  const gauge = (name: string, help: string, key: keyof Population) => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const number = count()?.[key];
        // No value is told from none.
        if (number === undefined) this.remove();
        else this.set(number);
      },
    });
  };
  gauge('active_sessions', 'Sessions in the database that have neither ended nor expired', 'activeSessions');
  gauge('legacy_password_hashes', 'Stored password hashes of another format than new ones have', 'legacyHashes');
  gauge('waiting_mails', 'Mails that are to be sent, or sent again', 'waitingMails');
}
