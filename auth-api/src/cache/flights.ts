/** A load under way. */
export interface Flight {
  /** What it reads may be older than an invalidation: hand it to those who asked before, and store it nowhere. */
  readonly isOutdated: boolean;
}

/** Single flight: one load for an id at a time, whose result all who ask meanwhile share. */
export class Flights<T> {
  readonly #running = new Map<string, { flight: { isOutdated: boolean }; result: Promise<T> }>();

  run(id: string, load: (flight: Flight) => Promise<T>): Promise<T> {
    const running = this.#running.get(id);
    if (running !== undefined) return running.result;
    const flight = { isOutdated: false };
    const result = load(flight).finally(() => {
      // An outdated flight has left the map, and its place may be taken.
      if (!flight.isOutdated) this.#running.delete(id);
    });
    this.#running.set(id, { flight, result });
    return result;
  }

  /** Who asks from now on starts a load of their own. */
  outdate(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.flight.isOutdated = true;
    this.#running.delete(id);
  }

  outdateAll(): void {
    for (const { flight } of this.#running.values()) flight.isOutdated = true;
    this.#running.clear();
  }
}
