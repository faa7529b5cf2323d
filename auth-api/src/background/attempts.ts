export interface AttemptsOptions {
  /** It fails, and did not the last time. */
  readonly onLost: (name: string, error: unknown) => void;
  /** It no longer fails. */
  readonly onFound: (name: string) => void;
}

/** Runs what may fail: of failures in a row the first is told, and their end. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #failing = new Set<string>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  get isAnyFailing(): boolean {
    return this.#failing.size > 0;
  }

  /** Undefined where it failed. */
  async run<T>(name: string, attempt: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await attempt();
      if (this.#failing.delete(name)) this.#options.onFound(name);
      return result;
    } catch (error) {
      if (!this.#failing.has(name)) this.#options.onLost(name, error);
      this.#failing.add(name);
      return undefined;
    }
  }
}
