import { describe, expect, jest, test } from '@jest/globals';
import type { CacheVersions } from './cache-types.ts';
import { Freshness } from './freshness.ts';
import { type CommittedEvent, encodeMessage, sessionLogout } from './invalidation-events.ts';
import { InvalidationListener } from './invalidation-listener.ts';
import type { OutboxStanding } from './invalidation-source.ts';

const versions: CacheVersions = {
  user_basic: 1,
  session: 1,
  user_permissions: 4,
  user_profile: 1,
  session_data: 1,
  role_definitions: 1,
};
const logout: CommittedEvent = { ...sessionLogout(['s']), lsn: 8n, committedAtMs: 0 };

const standingAt = (lastSequence: number): OutboxStanding => ({ versions, lsn: 5n, lastSequence });

function startPod() {
  let nowMs = 0;
  const freshness = new Freshness(() => nowMs);
  const cache = { type: 'session', invalidate: jest.fn(), clear: jest.fn() } as const;
  const standing = jest.fn<() => Promise<OutboxStanding>>().mockResolvedValue(standingAt(10));
  const listener = new InvalidationListener({ freshness, caches: [cache], source: { standing }, nowMs: () => nowMs });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    freshness,
    cache,
    listener,
    standing,
    settle,
    advance: (ms: number) => {
      nowMs += ms;
    },
    heartbeat: async (sequence: number, { isRead = true, delayMs = 0, sender = 'relay' } = {}) => {
      const sentAtMs = nowMs - delayMs;
      listener.receive(
        encodeMessage({ kind: 'heartbeat', sequence, lsn: 5n, settledLsn: 4n, isRead, sender, sentAtMs }),
      );
      await settle();
    },
    batch: (from: number, to: number) =>
      listener.receive(encodeMessage({ kind: 'events', events: [logout], position: { from, to }, versions, lsn: 8n })),
  };
}

describe('trust', () => {
  test('begins with a heartbeat: versions are read, caches emptied, and refills held to its LSN', async () => {
    const { freshness, cache, heartbeat } = startPod();
    expect(freshness.isTrusted()).toBe(false);
    await heartbeat(10);
    expect(freshness.isTrusted()).toBe(true);
    expect(cache.clear).toHaveBeenCalled();
    expect(freshness.version('user_permissions')).toBe(4);
    expect(freshness.refillLsn('session', 'any')).toBe(5n);
  });

  test('lasts while heartbeats come, and returns through a new catch-up', async () => {
    const { freshness, standing, heartbeat, advance } = startPod();
    await heartbeat(10);
    advance(2999);
    await heartbeat(10);
    advance(2999);
    expect(freshness.isTrusted()).toBe(true);
    advance(1);
    expect(freshness.isTrusted()).toBe(false);
    expect(standing).toHaveBeenCalledTimes(1);
    await heartbeat(10);
    expect(freshness.isTrusted()).toBe(true);
    expect(standing).toHaveBeenCalledTimes(2);
  });

  test('ends when a batch follows one that was missed', async () => {
    const { freshness, heartbeat, batch } = startPod();
    await heartbeat(10);
    batch(10, 12);
    expect(freshness.isTrusted()).toBe(true);
    batch(13, 14);
    expect(freshness.isTrusted()).toBe(false);
  });

  test('a heartbeat that tells of a missed batch starts a catch-up', async () => {
    const { standing, heartbeat } = startPod();
    await heartbeat(10);
    await heartbeat(12);
    expect(standing).toHaveBeenCalledTimes(2);
  });

  test('a batch delivered again, or by a successor that starts further back, is no gap', async () => {
    const { freshness, cache, standing, heartbeat, batch } = startPod();
    await heartbeat(10);
    batch(4, 10);
    batch(10, 12);
    batch(8, 14);
    expect(freshness.isTrusted()).toBe(true);
    expect(cache.invalidate).toHaveBeenCalledTimes(3);
    await heartbeat(14);
    expect(standing).toHaveBeenCalledTimes(1);
  });

  test('is not prolonged by a sender that knows less than this pod', async () => {
    const { freshness, heartbeat, batch, advance } = startPod();
    await heartbeat(10);
    batch(10, 12);
    advance(2000);
    await heartbeat(10);
    advance(1000);
    expect(freshness.isTrusted()).toBe(false);
  });

  test('is not given where the primary cannot be read, or a gap overtakes the reading', async () => {
    const failing = startPod();
    failing.standing.mockRejectedValue(new Error('primary down'));
    await failing.heartbeat(10);
    expect(failing.freshness.isTrusted()).toBe(false);

    const { promise, resolve } = Promise.withResolvers<OutboxStanding>();
    const slow = startPod();
    slow.standing.mockReturnValue(promise);
    await slow.heartbeat(10);
    slow.batch(11, 12);
    resolve(standingAt(10));
    await slow.settle();
    expect(slow.freshness.isTrusted()).toBe(false);
  });

  test('waits until all that the outbox held has been vouched for: a heartbeat may be older than that', async () => {
    const { freshness, standing, heartbeat, batch } = startPod();
    standing.mockResolvedValue(standingAt(12));
    await heartbeat(10);
    await heartbeat(10);
    expect(freshness.isTrusted()).toBe(false);
    batch(10, 12);
    expect(freshness.isTrusted()).toBe(false);
    await heartbeat(12);
    expect(freshness.isTrusted()).toBe(true);
    expect(standing).toHaveBeenCalledTimes(1);
  });

  test('is given anew only after another reading', async () => {
    const { freshness, standing, heartbeat, advance } = startPod();
    await heartbeat(10);
    advance(3000);
    standing.mockResolvedValue(standingAt(11));
    await heartbeat(10);
    expect(freshness.isTrusted()).toBe(false);
  });

  test('ends where a failover has lost what was heard of, and begins anew from what there is', async () => {
    const { freshness, standing, heartbeat, advance } = startPod();
    await heartbeat(10);
    standing.mockResolvedValue(standingAt(7));
    advance(3000);
    await heartbeat(7);
    expect(freshness.isTrusted()).toBe(false);
    await heartbeat(7);
    expect(freshness.isTrusted()).toBe(true);
  });

  test('is not given for an old word of what a failover has lost', async () => {
    const { freshness, standing, heartbeat } = startPod();
    standing.mockResolvedValue(standingAt(7));
    await heartbeat(10);
    expect(freshness.isTrusted()).toBe(false);
    await heartbeat(7);
    expect(freshness.isTrusted()).toBe(true);
  });

  test('does not rest on a sender that cannot read what this pod can, where a failover has lost something', async () => {
    const { freshness, standing, heartbeat } = startPod();
    await heartbeat(10);
    standing.mockResolvedValue(standingAt(7));
    await heartbeat(10, { isRead: false });
    expect(freshness.isTrusted()).toBe(false);
  });

  test('waits for what was read when a heartbeat counted, not when one did not', async () => {
    const { freshness, standing, heartbeat, batch, advance } = startPod();
    await heartbeat(10);
    batch(10, 12);
    advance(3000);
    standing.mockResolvedValue(standingAt(12));
    await heartbeat(10);
    standing.mockResolvedValue(standingAt(13));
    await heartbeat(12);
    expect(freshness.isTrusted()).toBe(false);
  });

  test('lasts from when a heartbeat was sent, as far as others tell', async () => {
    const { freshness, heartbeat, advance } = startPod();
    await heartbeat(10, { delayMs: 100 });
    advance(2000);
    await heartbeat(10, { delayMs: 1600 });
    advance(1498);
    expect(freshness.isTrusted()).toBe(true);
    advance(3);
    expect(freshness.isTrusted()).toBe(false);
  });

  test('does not rest on a sender that cannot read the outbox where this pod can', async () => {
    const { freshness, standing, heartbeat } = startPod();
    await heartbeat(10);
    standing.mockRejectedValue(new Error('primary down'));
    await heartbeat(10, { isRead: false });
    standing.mockResolvedValue(standingAt(10));
    await heartbeat(10, { isRead: false });
    expect(freshness.isTrusted()).toBe(true);
    standing.mockResolvedValue(standingAt(11));
    await heartbeat(10, { isRead: false });
    expect(freshness.isTrusted()).toBe(false);
    await heartbeat(10, { isRead: false });
    expect(freshness.isTrusted()).toBe(false);
  });

  test('is what a relay of this pod may begin from, but not while more is being delivered', async () => {
    const { listener, heartbeat, batch, advance } = startPod();
    expect(listener.vouched()).toBeUndefined();
    await heartbeat(10);
    expect(listener.vouched()).toEqual({ sequence: 10, lsn: 5n });
    batch(10, 12);
    expect(listener.vouched()).toBeUndefined();
    await heartbeat(12);
    expect(listener.vouched()).toEqual({ sequence: 12, lsn: 5n });
    advance(1000);
    expect(listener.isForsaken()).toBe(false);
    advance(1);
    expect(listener.isForsaken()).toBe(true);
    advance(1999);
    expect(listener.vouched()).toBeUndefined();
    expect(listener.isForsaken()).toBe(false);
  });

  test('that is lost empties the caches at once: nobody joins a load that began in it', async () => {
    const { cache, heartbeat, batch } = startPod();
    await heartbeat(10);
    cache.clear.mockClear();
    batch(13, 14);
    expect(cache.clear).toHaveBeenCalledTimes(1);
  });

  test('a message that cannot be read may have been any', async () => {
    const { freshness, heartbeat, listener } = startPod();
    await heartbeat(10);
    listener.receive('{"kind":"of a later release"}');
    expect(freshness.isTrusted()).toBe(false);
  });
});

test('events reach the caches of their types, and the LSN that refills wait for', async () => {
  const { freshness, cache, heartbeat, listener } = startPod();
  await heartbeat(10);
  listener.receive(encodeMessage({ kind: 'events', events: [logout], versions, lsn: 8n }));
  expect(cache.invalidate).toHaveBeenCalledWith('s');
  expect(freshness.refillLsn('session', 's')).toBe(8n);
  expect(freshness.isTrusted()).toBe(true);
});

test('a version that another change has raised comes with the events, which were taken out of Redis under it', async () => {
  const { freshness, cache, heartbeat, listener } = startPod();
  await heartbeat(10);
  cache.clear.mockClear();
  const raised = { ...versions, session: 2 };
  listener.receive(encodeMessage({ kind: 'events', events: [logout], versions: raised, lsn: 9n }));
  expect(freshness.version('session')).toBe(2);
  expect(freshness.refillLsn('session', 'another')).toBe(9n);
  expect(cache.clear).toHaveBeenCalledTimes(1);
});
