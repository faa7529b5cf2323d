import type { Database, Statement } from './database.ts';

const takeLease: Statement = {
  name: 'take_lease',
  text: `UPDATE auth.leases SET holder = $2, expires_at = clock_timestamp() + make_interval(secs => $3)
    WHERE name = $1 AND (holder = $2 OR expires_at < clock_timestamp()) RETURNING name`,
};

const returnLease: Statement = {
  name: 'return_lease',
  text: `UPDATE auth.leases SET expires_at = '-infinity' WHERE name = $1 AND holder = $2`,
};

export interface LeaseOptions {
  readonly name: 'invalidation_relay' | 'sweeper';
  /** A UUID of this process. */
  readonly holder: string;
  readonly durationSeconds: number;
}

/** The right to do what one pod at a time should do. Two that believe to have it for a moment must do no harm. */
export class Lease {
  readonly #database: Database;
  readonly #options: LeaseOptions;

  constructor(database: Database, options: LeaseOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Takes it where it is free, or prolongs it; false while another pod has it. */
  async take(): Promise<boolean> {
    const { name, holder, durationSeconds } = this.#options;
    return (await this.#database.query(takeLease, [name, holder, durationSeconds])).length > 0;
  }

  /** So that another pod need not wait for its end. */
  async release(): Promise<void> {
    await this.#database.query(returnLease, [this.#options.name, this.#options.holder]);
  }
}
