import { describe, expect, jest, test } from '@jest/globals';
import type { CacheVersions } from './cache-types.ts';
import { InvalidationDelivery } from './invalidation-delivery.ts';
import { decodeMessage, sessionLogout, type Vouched } from './invalidation-events.ts';
import { InvalidationRelay } from './invalidation-relay.ts';
import type { SequencedEvent } from './invalidation-source.ts';
import type { SharedEntry } from './shared-cache.ts';

const versions: CacheVersions = {
  user_basic: 1,
  session: 1,
  user_permissions: 1,
  user_profile: 1,
  session_data: 3,
  role_definitions: 1,
};
const event = (sequence: number): SequencedEvent => ({
  sequence,
  event: { ...sessionLogout([`s${sequence}`]), lsn: BigInt(sequence), committedAtMs: 0 },
});

function startRelay(vouched?: Vouched) {
  let nowMs = 0;
  const state = {
    outbox: [] as SequencedEvent[],
    forgotten: 0,
    isSourceUp: true,
    isForgetting: true,
    isForgottenKnown: true,
    isRedisUp: true,
    lsn: 99n,
    isSettled: true,
  };
  const source = {
    standing: async () => ({ versions, lsn: 99n, lastSequence: 0 }),
    forgottenUpTo: async () => {
      if (!state.isForgottenKnown) throw new Error('primary down');
      return state.forgotten;
    },
    forgetUpTo: async (sequence: number) => {
      if (!state.isForgetting) throw new Error('primary down');
      state.forgotten = sequence;
    },
    eventsAfter: async (sequence: number, limit: number) => {
      if (!state.isSourceUp) throw new Error('primary down');
      return {
        events: state.outbox.filter((row) => row.sequence > sequence).slice(0, limit),
        versions,
        lsn: state.lsn,
        isSettled: state.isSettled,
        isContinued: sequence <= state.forgotten || state.outbox.some((row) => row.sequence === sequence),
      };
    },
  };
  const sent: string[] = [];
  let settledLsn = 0n;
  const invalidate = jest.fn(async (_entry: SharedEntry, _lsn: bigint) => {
    if (!state.isRedisUp) throw new Error('redis down');
  });
  const store = { lookUp: jest.fn<never>(), reserve: jest.fn<never>(), store: jest.fn<never>(), invalidate };
  const publish = async (text: string) => {
    const message = decodeMessage(text);
    if (message?.kind === 'heartbeat') settledLsn = message.settledLsn;
    if (message?.kind === 'heartbeat') sent.push(`${message.isRead ? '' : 'unread '}heartbeat ${message.sequence}`);
    else sent.push(`${message?.events.length} events ${JSON.stringify(message?.position)}`);
  };
  const delivery = new InvalidationDelivery(store, { publish });
  const relay = new InvalidationRelay({ source, delivery, vouched, sender: 'relay', nowMs: () => nowMs, pageSize: 2 });
  const tick = async () => {
    sent.length = 0;
    const ticked = await relay.tick();
    return [ticked.kind, ...('isMore' in ticked && ticked.isMore ? ['there is more'] : []), ...sent];
  };
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { state, tick, advance, sent, invalidate, settled: () => settledLsn };
}

describe('the relay', () => {
  test('delivers what is new with its position, then vouches for it', async () => {
    const { state, tick, invalidate } = startRelay();
    expect(await tick()).toEqual(['delivered', 'heartbeat 0']);
    state.outbox.push(event(4));
    expect(await tick()).toEqual(['delivered', '1 events {"from":0,"to":4}', 'heartbeat 4']);
    expect(invalidate).toHaveBeenCalledWith({ type: 'session_data', id: 's4', version: 3 }, 4n);
    expect(await tick()).toEqual(['delivered', 'heartbeat 4']);
  });

  test('vouches for nothing while more is waiting', async () => {
    const { state, tick } = startRelay();
    state.outbox.push(event(1), event(2), event(3));
    expect(await tick()).toEqual(['delivered', 'there is more', '2 events {"from":0,"to":2}']);
    expect(await tick()).toEqual(['delivered', '1 events {"from":2,"to":3}', 'heartbeat 3']);
  });

  test('tries again what Redis did not take', async () => {
    const { state, tick } = startRelay();
    state.outbox.push(event(1));
    state.isRedisUp = false;
    await expect(tick()).rejects.toThrow('redis down');
    state.isRedisUp = true;
    expect(await tick()).toEqual(['delivered', '1 events {"from":0,"to":1}', 'heartbeat 1']);
  });

  test('delivers all a second time before it is forgotten', async () => {
    const { state, tick, advance } = startRelay();
    state.outbox.push(event(1));
    await tick();
    advance(14_999);
    expect(await tick()).toEqual(['delivered', 'heartbeat 1']);
    expect(state.forgotten).toBe(0);
    advance(1);
    expect(await tick()).toEqual(['delivered', 'heartbeat 1', '1 events undefined']);
    expect(state.forgotten).toBe(1);
    expect(await tick()).toEqual(['delivered', 'heartbeat 1']);
  });

  test('goes on vouching while the primary is down, if it had read all there was', async () => {
    const { state, tick } = startRelay();
    state.outbox.push(event(1));
    await tick();
    state.isSourceUp = false;
    expect(await tick()).toEqual(['sourceUnreachable', 'unread heartbeat 1']);
  });

  test('also when the primary went down before it forgot what it had delivered', async () => {
    const { state, tick, advance, sent } = startRelay();
    state.outbox.push(event(1));
    await tick();
    advance(15_000);
    state.isForgetting = false;
    await expect(tick()).rejects.toThrow('primary down');
    expect(sent).toEqual(['heartbeat 1', '1 events undefined']);
    state.isSourceUp = false;
    expect(await tick()).toEqual(['sourceUnreachable', 'unread heartbeat 1']);
  });

  test('and from what its predecessor vouched for, if the primary went down before it could read', async () => {
    const { state, tick } = startRelay({ sequence: 3, lsn: 9n });
    state.outbox.push(event(3), event(4));
    state.isSourceUp = false;
    expect(await tick()).toEqual(['sourceUnreachable', 'unread heartbeat 3']);
    state.isSourceUp = true;
    state.isRedisUp = false;
    await expect(tick()).rejects.toThrow('redis down');
    state.isSourceUp = false;
    expect(await tick()).toEqual(['sourceUnreachable']);
  });

  test('but not if it never read, or left some', async () => {
    const fresh = startRelay();
    fresh.state.isSourceUp = false;
    expect(await fresh.tick()).toEqual(['sourceUnreachable']);
    const behind = startRelay();
    behind.state.outbox.push(event(1), event(2), event(3));
    await behind.tick();
    behind.state.isSourceUp = false;
    expect(await behind.tick()).toEqual(['sourceUnreachable']);
  });

  test('begins anew where a failover has lost what it delivered last, and forgets nothing by the places of that', async () => {
    const { state, tick, advance } = startRelay();
    state.outbox.push(event(1), event(9));
    await tick();
    expect(await tick()).toEqual(['delivered', 'heartbeat 9']);
    state.outbox = [event(1), event(5)];
    expect(await tick()).toEqual(['delivered', 'there is more', '2 events {"from":0,"to":5}']);
    expect(await tick()).toEqual(['delivered', 'heartbeat 5']);
    advance(15_000);
    await tick();
    expect(state.forgotten).toBe(5);
  });

  test('vouches for nothing that was lost while it cannot read what there is', async () => {
    const { state, tick } = startRelay();
    state.outbox.push(event(9));
    await tick();
    state.outbox = [event(5)];
    state.isForgottenKnown = false;
    expect(await tick()).toEqual(['sourceUnreachable']);
  });

  test('tells up to where all has been delivered: what was visible when it last read, if nothing was held back', async () => {
    const { state, tick, settled } = startRelay();
    const beats: bigint[] = [];
    for (const [lsn, isSettled] of [
      [10n, true],
      [20n, true],
      [30n, false],
      [40n, true],
    ] as const) {
      Object.assign(state, { lsn, isSettled });
      await tick();
      beats.push(settled());
    }
    expect(beats).toEqual([0n, 10n, 10n, 30n]);
  });
});
