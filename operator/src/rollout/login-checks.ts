import type { PodAddress } from '../kubernetes/dialer.ts';
import type { Check } from './terms.ts';

/** The first one finds threads, connections and code cold; a client's should not be among the first. */
const LOGINS_PER_POD = 3;
/** After a login that a limit of the auth API has refused: others of this network may wait for theirs. */
const PAUSE_MS = 10_000;

export interface LoginChecksOptions {
  /** Tries a login of a user whom nobody knows, and resolves to the status of the answer. */
  logIn: (pod: PodAddress) => Promise<number>;
  now: () => number;
}

/**
 * Has new pods decide logins, no more than are needed: they count against the limit of the operator's own network. A
 * pod that has decided some is not asked again while the others and what the old pods answer are waited for.
 */
export class LoginChecks {
  readonly #options: LoginChecksOptions;
  /** How many logins each has decided, by name. */
  readonly #decided = new Map<string, number>();
  /** Of those that did not decide their last one. */
  readonly #failures = new Map<string, string>();
  #pausedUntilMs = 0;

  constructor(options: LoginChecksOptions) {
    this.#options = options;
  }

  /**
   * Passed when a pod has decided a login and none has failed to: where the limit lets through fewer logins than there
   * are pods, the others have shown with their 429 that they answer.
   */
  async check(pods: readonly PodAddress[]): Promise<Check> {
    const names = new Set(pods.map(({ name }) => name));
    for (const known of [this.#decided, this.#failures]) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    }
    if (this.#options.now() >= this.#pausedUntilMs) await this.#ask(pods);
    const [message] = this.#failures.values();
    if (message !== undefined) return { kind: 'failed', message };
    return this.#decided.size > 0 ? { kind: 'passed' } : { kind: 'limited' };
  }

  async #ask(pods: readonly PodAddress[]): Promise<void> {
    for (let round = 0; round < LOGINS_PER_POD; round += 1) {
      const due = pods.filter(({ name }) => (this.#decided.get(name) ?? 0) < LOGINS_PER_POD);
      const statuses = await Promise.all(due.map((pod) => this.#options.logIn(pod)));
      for (const [index, { name }] of due.entries()) this.#note(name, statuses[index] ?? 0);
      if (statuses.includes(429)) this.#pausedUntilMs = this.#options.now() + PAUSE_MS;
      if (this.#failures.size > 0) this.#decided.clear();
      if (this.#failures.size > 0 || statuses.includes(429)) return;
    }
  }

  #note(name: string, status: number): void {
    if (status === 429) return;
    this.#failures.delete(name);
    if (status === 401) this.#decided.set(name, (this.#decided.get(name) ?? 0) + 1);
    else this.#failures.set(name, `POST /v1/login of ${name} answered ${status} to an unknown user`);
  }
}
