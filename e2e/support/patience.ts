/** What the development sample may take from being applied to Ready, where no node has to pull an image. */
const READY_SECONDS = 90;

/**
 * PATIENCE: how many times as long as on a quiet machine something may take. 3 where CI is set, else 1: nobody watches a run
 * in CI, and its machine may be a slow one.
 */
export const PATIENCE = factor(process.env.PATIENCE ?? (process.env.CI === undefined ? '1' : '3'));

export const READY_BAR_SECONDS = READY_SECONDS * PATIENCE;

function factor(text: string): number {
  const times = Number(text);
  if (!(times >= 1 && times < Number.POSITIVE_INFINITY))
    throw new RangeError(`PATIENCE must be a number from 1 on, not ${text}`);
  return times;
}
