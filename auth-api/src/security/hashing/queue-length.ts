/**
 * With so many places fewer than one login in a thousand finds the queue full where threads are busy for 70 % of the time,
 * whether there is one thread or sixteen (M/D/c/K). With twice as many as there are threads it is one in fourteen where there
 * is one, and one in seventy where there are two.
 */
const PLACES_FOR_PEAKS = 10;
/** About: bcrypt at cost 11 takes a tenth of a second of a core. */
const HASHES_PER_SECOND_AT_COST_11 = 10;

/** Hashes that may wait, unless told: enough for peaks, as long as the last of them is hashed within about a second. */
export function defaultQueueLength(workers: number, cost: number): number {
  const withinASecond = Math.floor((workers * HASHES_PER_SECOND_AT_COST_11) / 2 ** (cost - 11));
  return Math.max(2 * workers, Math.min(PLACES_FOR_PEAKS, withinASecond));
}
