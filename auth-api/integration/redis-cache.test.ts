import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Cluster } from 'ioredis';
import { Freshness } from '../src/cache/freshness.ts';
import { InvalidationDelivery } from '../src/cache/invalidation-delivery.ts';
import { sessionLogout } from '../src/cache/invalidation-events.ts';
import { InvalidationListener } from '../src/cache/invalidation-listener.ts';
import { LocalCache } from '../src/cache/local-cache.ts';
import { RedisInvalidationChannel } from '../src/cache/redis-invalidation-channel.ts';
import { RedisSessionPositions } from '../src/cache/redis-session-positions.ts';
import { RedisSharedStore } from '../src/cache/redis-shared-store.ts';
import type { SharedEntry } from '../src/cache/shared-cache.ts';
import type { ScriptRunner } from '../src/storage/redis/lua-script.ts';
import { connectCluster } from './harness/redis-client.ts';

const redis: Cluster = connectCluster();
const subscriber: Cluster = connectCluster();
const store = new RedisSharedStore(redis, { commandTimeoutMs: 1000 });
afterAll(() => {
  redis.disconnect();
  subscriber.disconnect();
});

let entry: SharedEntry;
beforeEach(() => {
  entry = { type: 'session_data', version: 3, id: randomUUID() };
});

describe('the shared tier in Redis', () => {
  test('a miss takes a lease, with which the value is stored under {type}:v{version}:{id}', async () => {
    expect(await store.lookUp(entry, 'token', 1000)).toEqual({ kind: 'leased', fenceLsn: 0n });
    expect(await store.lookUp(entry, 'another', 1000)).toEqual({ kind: 'loading' });
    expect(await store.store(entry, 'another', 'no', 1000)).toBe(false);
    expect(await store.store(entry, 'token', 'text', 60_000)).toBe(true);
    expect(await store.lookUp(entry, 'another', 1000)).toEqual({ kind: 'hit', text: 'text' });
    const key = `session_data:v3:{${entry.id}}`;
    expect(await redis.pttl(key)).toBeGreaterThan(59_000);
    expect(await store.store(entry, 'token', 'again', 1000)).toBe(false);
  });

  test('an invalidation takes value and lease away, and leaves the highest LSN as a fence', async () => {
    await store.lookUp(entry, 'token', 1000);
    await store.invalidate(entry, 0x1_0000_0002n);
    expect(await store.store(entry, 'token', 'old', 1000)).toBe(false);
    await store.invalidate(entry, 0xffff_ffffn);
    expect(await store.lookUp(entry, 'token', 1000)).toEqual({ kind: 'leased', fenceLsn: 0x1_0000_0002n });
    await store.store(entry, 'token', 'new', 1000);
    await store.invalidate(entry, 0x1_0000_0003n);
    expect(await store.lookUp(entry, 'token', 1000)).toEqual({ kind: 'leased', fenceLsn: 0x1_0000_0003n });
  });

  test('a reservation gives the right to store, and keeps nobody waiting', async () => {
    expect(await store.reserve(entry, 'reserved:one', 1000)).toBe(true);
    expect(await store.reserve(entry, 'reserved:two', 1000)).toBe(true);
    expect(await store.store(entry, 'reserved:one', 'no', 1000)).toBe(false);
    expect(await store.store(entry, 'reserved:two', 'text', 60_000)).toBe(true);
    expect(await store.lookUp(entry, 'token', 1000)).toEqual({ kind: 'hit', text: 'text' });
    expect(await store.reserve(entry, 'reserved:one', 1000)).toBe(false);
    await store.invalidate(entry, 5n);
    expect(await store.reserve(entry, 'reserved:one', 1000)).toBe(true);
    expect(await store.lookUp(entry, 'token', 1000)).toEqual({ kind: 'leased', fenceLsn: 5n });
    expect(await store.reserve(entry, 'reserved:two', 1000)).toBe(false);
    expect(await store.store(entry, 'reserved:one', 'no', 1000)).toBe(false);
    await store.invalidate(entry, 0n);
    await store.reserve(entry, 'reserved:one', 1000);
    await store.invalidate(entry, 0n);
    expect(await store.store(entry, 'reserved:one', 'old', 1000)).toBe(false);
  });

  test('entries of one id are reserved and stored by one command each, and each has an answer of its own', async () => {
    const sent: unknown[] = [];
    const counted: ScriptRunner = {
      evalsha: (...call) => {
        sent.push(call);
        return redis.evalsha(...call);
      },
      eval: (...call) => redis.eval(...call),
    };
    const counting = new RedisSharedStore(counted, { commandTimeoutMs: 1000 });
    const [profile, permissions] = [
      { ...entry, type: 'user_profile' },
      { ...entry, type: 'user_permissions' },
    ] as const;
    await store.lookUp(permissions, 'of who loads', 1000);
    const reserve = (each: SharedEntry) => counting.reserve(each, 'reserved:one', 1000);
    expect(await Promise.all([reserve(profile), reserve(permissions)])).toEqual([true, false]);
    await store.invalidate(permissions, 0n);
    expect(await reserve(permissions)).toBe(true);
    await store.invalidate(profile, 0n);
    const keep = (each: SharedEntry) => counting.store(each, 'reserved:one', `of ${each.type}`, 1000);
    expect(await Promise.all([keep(profile), keep(permissions)])).toEqual([false, true]);
    expect(await store.lookUp(permissions, 'token', 1000)).toEqual({ kind: 'hit', text: 'of user_permissions' });
    expect(sent).toHaveLength(3);
  });

  test('that a session has written nothing is stored beside it, and never in place of what it wrote', async () => {
    const positions = new RedisSessionPositions(redis, { commandTimeoutMs: 1000, store });
    await store.reserve(entry, 'reserved:one', 1000);
    const [stored] = await Promise.all([store.store(entry, 'reserved:one', 'text', 60_000), positions.open(entry.id)]);
    expect([stored, await positions.find(entry.id)]).toEqual([true, 0n]);
    await positions.raise(entry.id, 0x1_0000_0002n);
    expect(await store.store(entry, 'reserved:one', 'no', 1000)).toBe(false);
    await positions.open(entry.id);
    expect(await positions.find(entry.id)).toBe(0x1_0000_0002n);
    await positions.forget(entry.id);
    expect(await positions.find(entry.id)).toBeUndefined();
    await positions.open(entry.id);
    expect(await positions.find(entry.id)).toBe(0n);
    expect(await redis.pttl(`session_position:{${entry.id}}`)).toBeGreaterThan(1_700_000);
  });

  test('a lease ends by itself', async () => {
    await store.lookUp(entry, 'token', 20);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await store.lookUp(entry, 'another', 1000)).toMatchObject({ kind: 'leased' });
  });

  test('scripts that a node has forgotten are sent again', async () => {
    for (const node of redis.nodes('master')) await node.script('FLUSH');
    expect(await store.lookUp(entry, 'token', 1000)).toMatchObject({ kind: 'leased' });
  });
});

test('a logout delivered by one pod empties the cache of another within a second', async () => {
  const nowMs = () => performance.now();
  const freshness = new Freshness(nowMs);
  const options = { type: 'session', ttlSeconds: 300, maxEntries: 10, freshness, nowMs, random: Math.random } as const;
  const local = new LocalCache<number>(options);
  const others = { user_basic: 1, session: 1, user_permissions: 1, user_profile: 1, role_definitions: 1 };
  const point = { versions: { ...others, session_data: 3 }, lsn: 2n };
  const source = { standing: async () => ({ ...point, lastSequence: 0 }) };
  const listener = new InvalidationListener({ freshness, caches: [local], source, nowMs });
  const channel = new RedisInvalidationChannel(subscriber, { commandTimeoutMs: 1000 });
  const unsubscribe = channel.subscribe((text) => listener.receive(text));
  const sender = new InvalidationDelivery(store, new RedisInvalidationChannel(redis, { commandTimeoutMs: 1000 }));

  while (!freshness.isTrusted()) {
    await sender.heartbeat({ sequence: 0, lsn: 1n, settledLsn: 0n, isRead: true, sender: 'relay', sentAtMs: nowMs() });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await local.read(entry.id, async () => 1);
  expect(local.get(entry.id)).toEqual({ value: 1 });
  const sentMs = nowMs();
  await sender.deliver([{ ...sessionLogout([entry.id]), lsn: 2n, committedAtMs: 0 }], point, { from: 0, to: 1 });
  while (local.get(entry.id) !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(nowMs() - sentMs).toBeLessThan(1000);
  expect(freshness.isTrusted()).toBe(true);
  unsubscribe();
});
