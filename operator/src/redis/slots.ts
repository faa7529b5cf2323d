export const SLOT_COUNT = 16384;

/** Inclusive at both ends, as Redis writes them. */
export interface SlotRange {
  first: number;
  last: number;
}

const ALL_SLOTS: SlotRange = { first: 0, last: SLOT_COUNT - 1 };

/** The share of shard `index` (from 0) when `shards` shards divide all slots evenly. */
export function nominalRange(index: number, shards: number): SlotRange {
  const start = (of: number) => Math.floor((of * SLOT_COUNT) / shards);
  return { first: start(index), last: start(index + 1) - 1 };
}

export function slotsIn(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

export function includesSlot(ranges: readonly SlotRange[], slot: number): boolean {
  return ranges.some(({ first, last }) => first <= slot && slot <= last);
}

/** In order, without overlaps, neighbours joined. */
export function joined(ranges: readonly SlotRange[]): SlotRange[] {
  const result: SlotRange[] = [];
  for (const range of [...ranges].sort((left, right) => left.first - right.first)) {
    const previous = result.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last);
    else result.push({ ...range });
  }
  return result;
}

/** What of `ranges` is not in `taken`. */
export function without(ranges: readonly SlotRange[], taken: readonly SlotRange[]): SlotRange[] {
  const gone = joined(taken);
  return joined(ranges).flatMap((range) => {
    const rest: SlotRange[] = [];
    let next = range.first;
    for (const { first, last } of gone) {
      if (last < next || first > range.last) continue;
      if (first > next) rest.push({ first: next, last: first - 1 });
      next = last + 1;
    }
    if (next <= range.last) rest.push({ first: next, last: range.last });
    return rest;
  });
}

/** What is in none of `taken`, of all slots. */
export function freeRanges(taken: readonly SlotRange[]): SlotRange[] {
  return without([ALL_SLOTS], taken);
}

/** The first `count` slots of `ranges`, or all of them if there are fewer. */
export function firstSlots(ranges: readonly SlotRange[], count: number): SlotRange[] {
  const taken: SlotRange[] = [];
  let missing = count;
  for (const { first, last } of ranges) {
    if (missing <= 0) break;
    const end = Math.min(last, first + missing - 1);
    taken.push({ first, last: end });
    missing -= end - first + 1;
  }
  return taken;
}

/** The last `count` slots of `ranges`, or all of them if there are fewer. */
export function lastSlots(ranges: readonly SlotRange[], count: number): SlotRange[] {
  const rest = firstSlots(ranges, slotsIn(ranges) - count);
  return without(ranges, rest);
}
