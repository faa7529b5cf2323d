/** What a measurement must reach. Ratios compare two things in one run on one machine; other bars are absolute. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly direction: 'at-most' | 'at-least';
  /** What the value comes from, for whoever wonders about it. */
  readonly details: Readonly<Record<string, number>>;
}

export function isMet({ value, limit, direction }: Bar): boolean {
  return direction === 'at-most' ? value <= limit : value >= limit;
}

/** `name value bar ok|missed`. */
export function barLine(bar: Bar): string {
  const sign = bar.direction === 'at-most' ? '<=' : '>=';
  return `${bar.name} ${rounded(bar.value)} ${sign}${bar.limit} ${isMet(bar) ? 'ok' : 'missed'}`;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
