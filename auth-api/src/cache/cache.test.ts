import { describe, expect, jest, test } from '@jest/globals';
import { MemorySharedStore } from '../testing/memory-shared-store.ts';
import { Freshness } from './freshness.ts';
import { sessionLogout, userPermissionChange } from './invalidation-events.ts';
import { LocalCache } from './local-cache.ts';
import { SharedCache, type SharedStore } from './shared-cache.ts';

const numbers = {
  encode: (value: number) => String(value),
  decode: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined),
};

function trustedPod(random = () => 0) {
  let nowMs = 0;
  const freshness = new Freshness(() => nowMs);
  freshness.trustUntil(Number.POSITIVE_INFINITY);
  const local = new LocalCache<number>({
    type: 'session',
    ttlSeconds: 300,
    maxEntries: 10,
    freshness,
    nowMs: () => nowMs,
    random,
  });
  const shared = (store: SharedStore, onStoreError?: (error: unknown) => void) =>
    new SharedCache<number>({
      type: 'user_permissions',
      ttlSeconds: 3600,
      store,
      codec: numbers,
      freshness,
      random,
      ...(onStoreError === undefined ? {} : { onStoreError }),
    });
  const advance = (seconds: number) => {
    nowMs += seconds * 1000;
  };
  return { freshness, local, shared, advance };
}

/** Loads that end when they are told to. */
function loads() {
  const pending: ((value: number | undefined) => void)[] = [];
  const load = jest.fn(() => new Promise<number | undefined>((resolve) => pending.push(resolve)));
  return { load, end: (value: number | undefined) => pending.shift()?.(value) };
}

const flush = () => new Promise((resolve) => setImmediate(resolve));

describe('the local tier', () => {
  test('loads once for all who ask at once, and remembers for its lifetime', async () => {
    const { local, advance } = trustedPod();
    const { load, end } = loads();
    const asked = [local.read('s', load), local.read('s', load)];
    end(1);
    expect(await Promise.all(asked)).toEqual([1, 1]);
    expect(load).toHaveBeenCalledTimes(1);
    advance(299);
    expect(local.get('s')).toEqual({ value: 1 });
    advance(1);
    expect(local.get('s')).toBeUndefined();
  });

  test('remembers for up to a tenth less, so that what came together does not expire together', async () => {
    const { local, advance } = trustedPod(() => 0.5);
    await local.read('s', async () => 1);
    advance(284);
    expect(local.get('s')).toEqual({ value: 1 });
    advance(1);
    expect(local.get('s')).toBeUndefined();
  });

  test('remembers for seconds that something does not exist', async () => {
    const { local, advance } = trustedPod();
    expect(await local.read('s', async () => undefined)).toBeUndefined();
    advance(4);
    expect(local.get('s')).toEqual({ value: undefined });
    advance(1);
    expect(local.get('s')).toBeUndefined();
  });

  test('stores nothing that was read before an invalidation, and gives it to nobody who asks after', async () => {
    const { local } = trustedPod();
    const { load, end } = loads();
    const before = local.read('s', load);
    local.invalidate('s');
    const after = local.read('s', load);
    end(1);
    expect(await before).toBe(1);
    expect(local.get('s')).toBeUndefined();
    end(2);
    expect(await after).toBe(2);
    expect(local.get('s')).toEqual({ value: 2 });
  });

  test('neither answers nor stores without trust', async () => {
    const { local, freshness } = trustedPod();
    await local.read('s', async () => 1);
    freshness.distrust();
    expect(local.get('s')).toBeUndefined();
    expect(await local.read('t', async () => 2)).toBe(2);
    local.remember('u', 3, local.moment());
    freshness.trustUntil(Number.POSITIVE_INFINITY);
    expect([local.get('t'), local.get('u')]).toEqual([undefined, undefined]);
  });

  test('remembers what its owner has written, for its lifetime', () => {
    const { local, advance } = trustedPod();
    local.remember('s', 1, local.moment());
    advance(299);
    expect(local.get('s')).toEqual({ value: 1 });
    advance(1);
    expect(local.get('s')).toBeUndefined();
  });

  test.each([
    ['its id was invalidated', (local: LocalCache<number>) => local.invalidate('s')],
    ['all was cleared', (local: LocalCache<number>) => local.clear()],
  ])('remembers nothing from before %s', (_, invalidate) => {
    const { local } = trustedPod();
    const since = local.moment();
    invalidate(local);
    local.remember('s', 1, since);
    expect(local.get('s')).toBeUndefined();
    local.remember('s', 2, local.moment());
    expect(local.get('s')).toEqual({ value: 2 });
  });

  test('what became of another id does not matter', () => {
    const { local } = trustedPod();
    const since = local.moment();
    local.invalidate('t');
    local.remember('s', 1, since);
    expect(local.get('s')).toEqual({ value: 1 });
  });

  test('a failed load is not remembered', async () => {
    const { local } = trustedPod();
    await expect(local.read('s', async () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await local.read('s', async () => 1)).toBe(1);
  });
});

describe('a refill', () => {
  test('asks for a replica that has replayed the last invalidation of the entry, of its type, or forgotten', async () => {
    const { freshness, local } = trustedPod();
    const asked: bigint[] = [];
    const load = async (minimumLsn: bigint) => {
      asked.push(minimumLsn);
      return undefined;
    };
    freshness.note({ ...sessionLogout(['s']), lsn: 7n, committedAtMs: 0 });
    await local.load('s', load);
    await local.load('t', load);
    freshness.note({ kind: 'session_logout', targets: [{ type: 'session', version: 2 }], lsn: 9n, committedAtMs: 0 });
    await local.load('t', load);
    expect(asked).toEqual([7n, 0n, 9n]);
    expect(freshness.version('session')).toBe(2);
  });

  test('invalidations that memory has no room for count for all', () => {
    const freshness = new Freshness(() => 0, { rememberedInvalidations: 2 });
    freshness.trustUntil(1);
    for (const [index, user] of ['a', 'b', 'c'].entries()) {
      freshness.note({ ...userPermissionChange(user), lsn: BigInt(index + 1), committedAtMs: 0 });
    }
    expect(['a', 'b', 'c', 'd'].map((user) => freshness.refillLsn('user_permissions', user))).toEqual([1n, 2n, 3n, 1n]);
  });
});

describe('the shared tier', () => {
  test('what one pod loaded another finds', async () => {
    const store = new MemorySharedStore();
    await trustedPod()
      .shared(store)
      .read('u', async () => 1);
    await flush();
    const load = jest.fn(async () => 2);
    expect(await trustedPod().shared(store).read('u', load)).toBe(1);
    expect(load).not.toHaveBeenCalled();
    expect([...store.values.keys()]).toEqual(['user_permissions:v0:{u}']);
  });

  test('one pod loads while others wait for it', async () => {
    const store = new MemorySharedStore();
    const { load, end } = loads();
    const first = trustedPod().shared(store).read('u', load);
    await flush();
    const second = trustedPod().shared(store).read('u', load);
    end(1);
    expect([await first, await second]).toEqual([1, 1]);
    expect(load).toHaveBeenCalledTimes(1);
  });

  test('those who have waited long enough load too, and store nothing', async () => {
    const store = new MemorySharedStore();
    await store.lookUp({ type: 'user_permissions', version: 0, id: 'u' }, 'a pod that died');
    expect(
      await trustedPod()
        .shared(store)
        .read('u', async () => 1),
    ).toBe(1);
    await flush();
    expect(store.values.size).toBe(0);
  });

  test.each(['invalidated', 'evicted'])('a value whose lease was %s while it was read is not stored', async (how) => {
    const store = new MemorySharedStore();
    const { load, end } = loads();
    const reading = trustedPod().shared(store).read('u', load);
    await flush();
    if (how === 'evicted') store.evict('leases');
    else await store.invalidate({ type: 'user_permissions', version: 0, id: 'u' }, 5n);
    end(1);
    expect(await reading).toBe(1);
    await flush();
    expect(store.values.size).toBe(0);
  });

  test('a pod that has not heard of an invalidation learns its LSN from the fence', async () => {
    const store = new MemorySharedStore();
    await store.invalidate({ type: 'user_permissions', version: 0, id: 'u' }, 5n);
    const load = jest.fn(async (_: bigint) => 1);
    await trustedPod().shared(store).read('u', load);
    expect(load).toHaveBeenCalledWith(5n);
  });

  test('raising the version of a type leaves all of it behind', async () => {
    const store = new MemorySharedStore();
    const { shared, freshness } = trustedPod();
    const cache = shared(store);
    await cache.read('u', async () => 1);
    freshness.raiseVersions({ user_permissions: 2 });
    expect(await cache.read('u', async () => 2)).toBe(2);
  });

  test('what another release wrote is loaded anew', async () => {
    const store = new MemorySharedStore();
    store.values.set('user_permissions:v0:{u}', '{"shape":"unknown"}');
    const cache = trustedPod().shared(store);
    expect(await cache.read('u', async () => 1)).toBe(1);
    expect(await cache.read('u', async () => 2)).toBe(2);
    await flush();
    expect(await cache.read('u', async () => 3)).toBe(2);
  });

  test('where Redis fails the loader answers', async () => {
    const down = async () => Promise.reject(new Error('down'));
    const onStoreError = jest.fn();
    const cache = trustedPod().shared({ lookUp: down, reserve: down, store: down, invalidate: down }, onStoreError);
    expect(await cache.read('u', async () => 1)).toBe(1);
    expect(onStoreError).toHaveBeenCalledTimes(1);
  });

  test('without trust it is neither asked nor filled', async () => {
    const store = new MemorySharedStore();
    store.values.set('user_permissions:v0:{u}', '1');
    const { shared, freshness } = trustedPod();
    freshness.distrust();
    expect(await shared(store).read('u', async () => 2)).toBe(2);
  });
});
