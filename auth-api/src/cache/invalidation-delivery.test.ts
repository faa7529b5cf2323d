import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { portOf } from '../testing/fakes.ts';
import type { CacheVersions } from './cache-types.ts';
import { InvalidationDelivery } from './invalidation-delivery.ts';
import { sessionLogout } from './invalidation-events.ts';
import type { SharedStore } from './shared-cache.ts';

test('thousands of entries are taken out of the shared tier by so many at a time, and told of after the last', async () => {
  const steps: string[] = [];
  let running = 0;
  let most = 0;
  const invalidate = async () => {
    running += 1;
    most = Math.max(most, running);
    await nextTurn();
    running -= 1;
    steps.push('taken out');
  };
  const publish = async () => void steps.push('told');
  const delivery = new InvalidationDelivery(portOf<SharedStore>({ invalidate }), { publish });
  const everywhere = sessionLogout(Array.from({ length: 10_000 }, (_, session) => `s${session}`));
  await delivery.deliver([{ ...everywhere, lsn: 1n, committedAtMs: 0 }], {
    versions: { session_data: 1 } as CacheVersions,
    lsn: 1n,
  });
  expect(most).toBe(500);
  expect(steps.lastIndexOf('taken out')).toBe(9_999);
  expect(steps[10_000]).toBe('told');
});
