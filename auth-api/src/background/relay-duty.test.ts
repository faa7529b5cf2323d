import { describe, expect, jest, test } from '@jest/globals';
import type { InvalidationRelay, RelayTick } from '../cache/invalidation-relay.ts';
import { portOf } from '../testing/fakes.ts';
import { RelayDuty } from './relay-duty.ts';

function pod() {
  const take = jest.fn<() => Promise<boolean>>().mockResolvedValue(true);
  const release = jest.fn(async () => {});
  const relay = jest.fn<() => Promise<RelayTick>>().mockResolvedValue({ kind: 'delivered', events: 0, isMore: false });
  const createRelay = jest.fn(() => portOf<InvalidationRelay>({ tick: relay }));
  const onSourceError = jest.fn();
  const isForsaken = jest.fn(() => false);
  let nowMs = 0;
  const advance = (ms: number) => {
    nowMs += ms;
  };
  const clock = { nowMs: () => nowMs };
  const duty = new RelayDuty({
    lease: { take, release },
    createRelay,
    isForsaken,
    onChange: () => {},
    onSourceError,
    ...clock,
  });
  return { duty, advance, take, release, relay, createRelay, isForsaken, onSourceError };
}

describe('the duty to relay', () => {
  test('begins with the lease', async () => {
    const { duty, take, relay } = pod();
    take.mockResolvedValueOnce(false);
    await duty.tick();
    await duty.tick();
    expect(relay).not.toHaveBeenCalled();
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(1);
  });

  test('ends when another pod has the lease; the next time begins from the outbox', async () => {
    const { duty, take, relay, createRelay } = pod();
    await duty.tick();
    take.mockResolvedValue(false);
    await duty.tick();
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(1);
    take.mockResolvedValue(true);
    await duty.tick();
    expect(createRelay).toHaveBeenCalledTimes(2);
  });

  test('goes on while the primary cannot be asked who has it, but does not begin then', async () => {
    const { duty, take, relay } = pod();
    take.mockRejectedValueOnce(new Error('down'));
    await duty.tick();
    await duty.tick();
    take.mockRejectedValue(new Error('down'));
    await duty.tick();
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(2);
  });

  test('begins at once where no other relay is heard, although the primary cannot be asked who has the lease', async () => {
    const { duty, take, relay, isForsaken } = pod();
    take.mockRejectedValue(new Error('down'));
    isForsaken.mockReturnValueOnce(true);
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(1);
    take.mockResolvedValue(false);
    await duty.tick();
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(2);
  });

  test('a failed delivery is told, and tried again', async () => {
    const { duty, relay } = pod();
    await duty.tick();
    relay.mockRejectedValueOnce(new Error('redis down'));
    await expect(duty.tick()).rejects.toThrow('redis down');
    await duty.tick();
    expect(relay).toHaveBeenCalledTimes(2);
  });

  test('passes to another pod when Redis takes nothing from this one', async () => {
    const { duty, relay, release, take, advance } = pod();
    await duty.tick();
    relay.mockRejectedValue(new Error('redis down'));
    for (let failure = 0; failure < 3; failure += 1) await expect(duty.tick()).rejects.toThrow('redis down');
    expect(release).toHaveBeenCalledTimes(1);
    const taken = take.mock.calls.length;
    await duty.tick();
    expect(take).toHaveBeenCalledTimes(taken);
    advance(5_000);
    await duty.tick();
    expect(take).toHaveBeenCalledTimes(taken + 1);
  });

  test('tells whether there is more to relay, as after an outage', async () => {
    const { duty, relay, take } = pod();
    expect(await duty.tick()).toEqual({ isMore: false });
    relay.mockResolvedValue({ kind: 'delivered', events: 500, isMore: true });
    expect(await duty.tick()).toEqual({ isMore: true });
    take.mockResolvedValue(false);
    expect(await duty.tick()).toEqual({ isMore: false });
  });

  test('is given back', async () => {
    const { duty, release } = pod();
    await duty.release();
    expect(release).not.toHaveBeenCalled();
    await duty.tick();
    await duty.release();
    expect(release).toHaveBeenCalledTimes(1);
  });
});
