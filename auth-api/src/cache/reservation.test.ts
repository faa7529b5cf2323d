import { describe, expect, jest, test } from '@jest/globals';
import { MemorySharedStore } from '../testing/memory-shared-store.ts';
import { Freshness } from './freshness.ts';
import { SharedCache, type SharedStore } from './shared-cache.ts';

const entry = { type: 'session_data', version: 0, id: 's' } as const;
const codec = { encode: String, decode: Number };

function pod(store: SharedStore, onStoreError: (error: unknown) => void = () => {}) {
  const freshness = new Freshness(() => 0);
  freshness.trustUntil(1);
  const options = { type: 'session_data', ttlSeconds: 1800, store, codec, freshness, onStoreError } as const;
  return { freshness, cache: new SharedCache<number>({ ...options, random: () => 0 }) };
}

const flush = () => new Promise((resolve) => setImmediate(resolve));

describe('what a pod has the right to store', () => {
  test('by the time of its statement another pod finds, and loads nothing', async () => {
    const store = new MemorySharedStore();
    const reservation = pod(store).cache.reserve('s');
    await flush();
    reservation.beforeStatement()?.(1);
    await flush();
    const load = jest.fn(async () => 2);
    expect(await pod(store).cache.read('s', load)).toBe(1);
    expect(load).not.toHaveBeenCalled();
  });

  test('only later is not stored: an end of it may have come before', async () => {
    const store = new MemorySharedStore();
    const reservation = pod(store).cache.reserve('s');
    const keep = reservation.beforeStatement();
    await flush();
    keep?.(1);
    await flush();
    expect(store.values.size).toBe(0);
  });

  test.each<[string, (world: { store: MemorySharedStore } & ReturnType<typeof pod>) => unknown]>([
    ['was invalidated in the store', ({ store }) => store.invalidate(entry, 5n)],
    ['was evicted', ({ store }) => store.evict('leases')],
    ['was invalidated for this pod alone, which could not reach the store', ({ cache }) => cache.invalidate('s')],
    ['is of a type that was cleared', ({ cache }) => cache.clear()],
    ['is of a pod that may have missed an invalidation', ({ freshness }) => freshness.distrust()],
    ['was taken over by another pod that loads', ({ store }) => store.lookUp(entry, 'loads')],
    ['was taken over by another login', ({ store }) => store.reserve(entry, 'reserved:another')],
  ])('is not stored where it %s meanwhile', async (_, happen) => {
    const store = new MemorySharedStore();
    const opening = pod(store);
    const reservation = opening.cache.reserve('s');
    await flush();
    const keep = reservation.beforeStatement();
    await happen({ store, ...opening });
    keep?.(1);
    await flush();
    expect(keep).toBeDefined();
    expect(store.values.size).toBe(0);
  });

  test('keeps nobody waiting: another pod loads at once, and stores', async () => {
    const store = new MemorySharedStore();
    pod(store).cache.reserve('s');
    await flush();
    const lookUp = jest.spyOn(store, 'lookUp');
    expect(await pod(store).cache.read('s', async () => 2)).toBe(2);
    await flush();
    expect(lookUp).toHaveBeenCalledTimes(1);
    expect([...store.values.values()]).toEqual(['2']);
  });
});

test.each<[string, (world: { store: MemorySharedStore } & ReturnType<typeof pod>) => unknown]>([
  ['there is a value', ({ store }) => store.values.set('session_data:v0:{s}', '1')],
  ['another pod loads', ({ store }) => store.lookUp(entry, 'loads')],
  ['the pod may have missed an invalidation', ({ freshness }) => freshness.distrust()],
])('nothing is reserved where %s', async (_, happen) => {
  const store = new MemorySharedStore();
  const opening = pod(store);
  await happen({ store, ...opening });
  const reservation = opening.cache.reserve('s');
  await flush();
  expect(reservation.beforeStatement()).toBeUndefined();
});

test('a store that fails is told of, and fails nobody', async () => {
  const down = async () => Promise.reject(new Error('down'));
  const onStoreError = jest.fn();
  const { cache } = pod({ lookUp: down, reserve: down, store: down, invalidate: down }, onStoreError);
  const reservation = cache.reserve('s');
  await flush();
  expect(reservation.beforeStatement()).toBeUndefined();
  expect(onStoreError).toHaveBeenCalledTimes(1);
});
