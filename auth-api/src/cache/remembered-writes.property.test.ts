import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Freshness } from './freshness.ts';
import { LocalCache } from './local-cache.ts';

type Row = 'live' | 'ended';

/** One pod, one session. What commits is told to the pod later, in order; a gap is what it does not hear of. */
function startWorld(scheduler: fc.Scheduler) {
  const freshness = new Freshness(() => 0);
  freshness.trustUntil(1);
  const clock = { nowMs: () => 0, random: () => 0 };
  const cache = new LocalCache<Row>({ type: 'session', ttlSeconds: 300, maxEntries: 10, freshness, ...clock });
  let row: Row = 'live';
  let isHeardEnded = false;
  let isConnected = true;
  const step = (label: string) => scheduler.schedule(Promise.resolve(), label);

  /** As a login or a refresh: it answers with what it has written. */
  const write = async () => {
    const since = cache.moment();
    await step('the write commits');
    const written = row;
    await step('the write is answered');
    if (written === 'live') cache.remember('s', written, since);
  };
  const end = async () => {
    await step('the end commits');
    row = 'ended';
    const isHeard = isConnected;
    await step('the end is announced');
    if (!isHeard) return;
    cache.invalidate('s');
    isHeardEnded = true;
  };
  const lose = () => {
    isConnected = false;
    freshness.distrust();
  };
  const catchUp = () => {
    if (isConnected) return;
    isConnected = true;
    cache.clear();
    isHeardEnded ||= row === 'ended';
    freshness.trustUntil(1);
  };
  const check = () => {
    if (isHeardEnded) expect(cache.get('s')).toBeUndefined();
  };
  return { actions: { write, end, lose, catchUp, check }, row: () => row, cache, catchUp };
}

test('what a login or refresh has written is not remembered past the end of its session', async () => {
  const action = fc.constantFrom('write', 'end', 'lose', 'catchUp', 'check', 'progress', 'progress');
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(action, { minLength: 3, maxLength: 30 }), async (scheduler, taken) => {
      const world = startWorld(scheduler);
      const running: (Promise<void> | void)[] = [];
      for (const each of taken) {
        if (each !== 'progress') running.push(world.actions[each]());
        else if (scheduler.count() > 0) await scheduler.waitOne();
      }
      await scheduler.waitIdle();
      await Promise.all(running);
      world.catchUp();
      if (world.row() === 'ended') expect(world.cache.get('s')).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
