import { describe, expect, jest, test } from '@jest/globals';
import { MemorySharedStore } from '../testing/memory-shared-store.ts';
import { Freshness } from './freshness.ts';
import { CachedLiveSessions, type SessionState, sessionStateCodec } from './live-sessions.ts';
import { LocalCache } from './local-cache.ts';
import { SharedCache } from './shared-cache.ts';

function pod(store = new MemorySharedStore()) {
  let nowMs = 0;
  const freshness = new Freshness(() => nowMs);
  freshness.trustUntil(Number.POSITIVE_INFINITY);
  const common = { ttlSeconds: 300, maxEntries: 10, freshness, nowMs: () => nowMs, random: () => 0 };
  const local = new LocalCache<SessionState>({ ...common, type: 'session' });
  const shared = new SharedCache<SessionState>({ ...common, type: 'session_data', store, codec: sessionStateCodec });
  const findLive = jest.fn(async (): Promise<SessionState | undefined> => ({ expiresAtMs: 200_000 }));
  const liveSessions = new CachedLiveSessions({ local, shared, findLive, nowMs: () => nowMs });
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { liveSessions, local, freshness, findLive, store, advance };
}

describe('whether a session lives', () => {
  test('is known at once when it was asked before', async () => {
    const { liveSessions, findLive } = pod();
    expect(await liveSessions.isLive('s')).toBe(true);
    expect(liveSessions.isLive('s')).toBe(true);
    expect(findLive).toHaveBeenCalledTimes(1);
  });

  test('is known by what another pod has asked', async () => {
    const one = pod();
    await one.liveSessions.isLive('s');
    await new Promise((resolve) => setImmediate(resolve));
    const other = pod(one.store);
    expect(await other.liveSessions.isLive('s')).toBe(true);
    expect(other.findLive).not.toHaveBeenCalled();
  });

  test('is asked of the primary when it may have expired: a refresh may have moved that on', async () => {
    const { liveSessions, findLive, advance } = pod();
    await liveSessions.isLive('s');
    advance(200_000);
    expect(await liveSessions.isLive('s')).toBe(true);
    findLive.mockResolvedValue(undefined);
    expect(await liveSessions.isLive('s')).toBe(false);
  });

  test('is asked of the primary without trust, and cannot be known without both', async () => {
    const { liveSessions, freshness, findLive } = pod();
    await liveSessions.isLive('s');
    freshness.distrust();
    findLive.mockRejectedValue(new Error('down'));
    await expect(liveSessions.isLive('s')).rejects.toThrow('down');
  });

  test('no longer, at once, after its end was heard of', async () => {
    const { liveSessions, local, findLive, store } = pod();
    await liveSessions.isLive('s');
    findLive.mockResolvedValue(undefined);
    await store.invalidate({ type: 'session_data', version: 0, id: 's' }, 1n);
    local.invalidate('s');
    expect(await liveSessions.isLive('s')).toBe(false);
  });
});
