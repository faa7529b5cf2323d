import type { RedisCommand, RedisLogin } from './connection.ts';
import type { SlotRange } from './slots.ts';

/** One end of a move. */
export interface MoveEnd {
  id: string;
  ip: string;
  command: RedisCommand;
}

export interface MoveOptions {
  port: number;
  login: RedisLogin;
  /** Whether to stop before the next slots. */
  isTimeUp: () => boolean;
}

/** Slots that are open at the same time: enough to hide round trips, few enough to close quickly after a break. */
const SLOTS_AT_ONCE = 8;
const KEYS_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 1500;

/**
 * Moves slots with their keys. Clients are served throughout: by the source what it has, by the target what has
 * arrived. Each step may be repeated, so a move that was broken off anywhere is taken up by calling this again.
 */
export async function moveSlots(
  source: MoveEnd,
  target: MoveEnd,
  ranges: readonly SlotRange[],
  options: MoveOptions,
): Promise<void> {
  const slots = ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
  for (let next = 0; next < slots.length && !options.isTimeUp(); next += SLOTS_AT_ONCE) {
    const batch = slots.slice(next, next + SLOTS_AT_ONCE);
    const onAll = (act: (slot: number) => Promise<unknown>) => allAnswered(batch.map(act));
    // The target first: were it the source, clients would be sent to a node that turns them away.
    await onAll((slot) => target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id));
    await onAll((slot) => source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id));
    for (const slot of batch) await moveKeys(source, target, slot, options);
    // The target first: for a moment both own it, never neither.
    await onAll((slot) => target.command('CLUSTER', 'SETSLOT', slot, 'NODE', target.id));
    await onAll((slot) => source.command('CLUSTER', 'SETSLOT', slot, 'NODE', target.id));
  }
}

/** Throws the first failure, but not before everything is answered: connections are closed after that. */
async function allAnswered(answers: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(answers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function moveKeys(source: MoveEnd, target: MoveEnd, slot: number, { port, login }: MoveOptions): Promise<void> {
  for (;;) {
    const keys = await source.command('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE);
    if (!Array.isArray(keys) || keys.length === 0) return;
    const access = ['AUTH2', login.username, login.password];
    // REPLACE: what the source still has is what clients see, a copy at the target is from a MIGRATE that broke off.
    await source.command('MIGRATE', target.ip, port, '', 0, MIGRATE_TIMEOUT_MS, 'REPLACE', ...access, 'KEYS', ...keys);
  }
}
