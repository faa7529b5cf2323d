import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemorySharedStore } from '../testing/memory-shared-store.ts';
import { Freshness } from './freshness.ts';
import { SharedCache, type SharedStore } from './shared-cache.ts';

const entry = { type: 'user_profile', version: 0, id: 'u' } as const;

/**
 * Two pods that log a user in, or look it up, while it changes. They hear of no change: what is stored is decided by the
 * right to store alone. A row counts its changes.
 */
function startWorld(scheduler: fc.Scheduler) {
  const memory = new MemorySharedStore();
  const step = (label: string) => scheduler.schedule(Promise.resolve(), label);
  const slowly = async <T>(label: string, effect: () => T | Promise<T>): Promise<T> => {
    await step(`${label} takes effect`);
    const answer = await effect();
    await step(`${label} is answered`);
    return answer;
  };
  const store: SharedStore = {
    lookUp: (of, token) => slowly('look-up', () => memory.lookUp(of, token)),
    reserve: (of, token) => slowly('reservation', () => memory.reserve(of, token)),
    store: (of, token, text) => slowly('store', () => memory.store(of, token, text)),
    invalidate: (of, lsn) => slowly('invalidation', () => memory.invalidate(of, lsn)),
  };
  let row = 0;
  /** What Redis was told of. */
  let least = 0;
  const pods = [0, 1].map(() => {
    const freshness = new Freshness(() => 0);
    freshness.trustUntil(1);
    const codec = { encode: String, decode: Number };
    const options = { type: entry.type, ttlSeconds: 300, store, codec, freshness, random: () => 0, maxWaitMs: 0 };
    return new SharedCache<number>(options);
  });
  const logIn = async (pod: number) => {
    const reservation = pods[pod]?.reserve(entry.id);
    await step('the password is checked');
    const keep = reservation?.beforeStatement();
    const written = await slowly('the statement', () => row);
    await step('the login is answered');
    keep?.(written);
  };
  const lookUp = async (pod: number) => {
    await pods[pod]?.read(entry.id, () => slowly('the query', () => row));
  };
  const change = async () => {
    const changed = await slowly('the change', () => {
      row += 1;
      return row;
    });
    await slowly('the invalidation', () => memory.invalidate(entry, BigInt(changed)));
    least = Math.max(least, changed);
  };
  const expectNothingOld = () => {
    for (const text of memory.values.values()) expect(Number(text)).toBeGreaterThanOrEqual(least);
  };
  return { actions: { logIn, lookUp, change, evict: async () => memory.evict('leases') }, expectNothingOld, memory };
}

test('nothing that a login has written or read is in Redis once Redis was told that it has changed', async () => {
  const action = fc.record({
    kind: fc.constantFrom(
      'logIn',
      'logIn',
      'lookUp',
      'change',
      'evict',
      'progress',
      'progress',
      'progress',
      'progress',
    ),
    pod: fc.nat(1),
  });
  let stored = 0;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(action, { minLength: 5, maxLength: 40 }), async (scheduler, taken) => {
      const { actions, expectNothingOld, memory } = startWorld(scheduler);
      const running: Promise<void>[] = [];
      for (const { kind, pod } of taken) {
        if (kind !== 'progress') running.push(actions[kind](pod));
        else if (scheduler.count() > 0) await scheduler.waitNext(1);
        expectNothingOld();
      }
      while (scheduler.count() > 0) {
        await scheduler.waitNext(1);
        expectNothingOld();
      }
      await Promise.all(running);
      stored += memory.values.size;
    }),
    { numRuns: 500 },
  );
  // Or it would hold for a cache that keeps nothing.
  expect(stored).toBeGreaterThan(0);
});
