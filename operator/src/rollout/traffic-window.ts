import { since, sum, type Traffic } from './traffic.ts';

/** Counters by pod. */
export type Counters = ReadonlyMap<string, Traffic>;

interface Sample {
  atMs: number;
  counters: Counters;
}

/** How far back one looks. */
const WINDOW_MS = 120_000;
/** Less than this says nothing about a share. */
const SHORTEST_MS = 5_000;
/** How long a share of few logins may be waited for to become one of enough. */
const PATIENCE_MS = 30_000;

/** What pods have answered within the last two minutes, from samples of their counters. */
export class TrafficWindow {
  readonly #samples: Sample[] = [];

  add(atMs: number, counters: Counters): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && !isContinuedBy(last, atMs, counters)) this.#samples.length = 0;
    this.#samples.push({ atMs, counters });
    // The newest of those that are old enough is where the window begins.
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#samples.shift();
  }

  /**
   * Undefined while the samples span too little time: a few seconds, or more while people log in, but fewer of them have
   * than a share of them may be taken from. A pod that was not there at the beginning counts from zero.
   */
  traffic(enoughLogins: number): Traffic | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < SHORTEST_MS) return undefined;
    const parts = [...last.counters].map(([pod, now]) => {
      const before = first.counters.get(pod);
      return before === undefined ? now : since(now, before);
    });
    const traffic = sum(parts);
    const tooFew = traffic.logins > 0 && traffic.logins < enoughLogins;
    return tooFew && spanMs < PATIENCE_MS ? undefined : traffic;
  }
}

/** Not by what is seen in the next rollout: much later, or of the pods that have got the traffic. */
function isContinuedBy(last: Sample, atMs: number, counters: Counters): boolean {
  return atMs - last.atMs < WINDOW_MS && [...counters.keys()].some((pod) => last.counters.has(pod));
}
