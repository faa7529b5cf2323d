import type { BoundedQueue } from '../plan/queueing.ts';

export interface SimulatedQueue {
  readonly refusedShare: number;
  readonly utilisation: number;
  /** Waits of the accepted, ascending. */
  readonly waitsMs: readonly number[];
}

/** A seedable source of numbers in [0, 1) (Mulberry32), so that a simulation can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plays arrivals (Poisson) through a first come, first served queue: what the formulas are held against. */
export function simulateQueue(
  { servers, places }: BoundedQueue,
  arrivalsPerMs: number,
  serviceMs: () => number,
  { arrivals, random }: { arrivals: number; random: () => number },
): SimulatedQueue {
  const freeAtMs = new Array<number>(servers).fill(0);
  const startsMs: number[] = [];
  const waitsMs: number[] = [];
  let [nowMs, refused, busyMs] = [0, 0, 0];
  for (let arrival = 0; arrival < arrivals; arrival += 1) {
    nowMs -= Math.log(1 - random()) / arrivalsPerMs;
    // Starts are ascending: whoever has not started by now still waits.
    while ((startsMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs) startsMs.shift();
    const next = freeAtMs.indexOf(Math.min(...freeAtMs));
    const startMs = Math.max(nowMs, freeAtMs[next] ?? 0);
    if (startMs > nowMs && startsMs.length >= places) {
      refused += 1;
      continue;
    }
    const durationMs = serviceMs();
    freeAtMs[next] = startMs + durationMs;
    busyMs += durationMs;
    if (startMs > nowMs) startsMs.push(startMs);
    waitsMs.push(startMs - nowMs);
  }
  waitsMs.sort((a, b) => a - b);
  return { refusedShare: refused / arrivals, utilisation: busyMs / (servers * nowMs), waitsMs };
}
