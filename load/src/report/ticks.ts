/** Ticks from 0 to at least `top`, in steps of 1, 2 or 5 times a power of ten; about `count` of them. */
export function niceTicks(top: number, count: number): number[] {
  // Below this it is zero with rounding errors, and powers of ten run out.
  if (!(top > 1e-12)) return [0, 1];
  const rough = top / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
