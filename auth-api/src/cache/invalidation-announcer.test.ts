import { describe, expect, jest, test } from '@jest/globals';
import { portOf } from '../testing/fakes.ts';
import type { CacheVersions } from './cache-types.ts';
import { createAnnounce } from './invalidation-announcer.ts';
import type { InvalidationDelivery } from './invalidation-delivery.ts';
import { sessionLogout } from './invalidation-events.ts';
import type { InvalidationListener } from './invalidation-listener.ts';

const versions = { session: 1 } as CacheVersions;

function announcer(commitPoint: () => Promise<{ lsn: bigint; versions: CacheVersions }>, deliver = async () => {}) {
  const steps: string[] = [];
  const listener = portOf<InvalidationListener>({
    applyOwn: () => void steps.push('applied'),
    applyCommitted: ({ lsn }) => void steps.push(`applied with ${lsn}`),
    lose: () => void steps.push('lost'),
  });
  const delivery = portOf<InvalidationDelivery>({
    deliver: async (events) => {
      steps.push(`delivered ${events.length}`);
      await deliver();
    },
  });
  const onError = jest.fn();
  return { announce: createAnnounce({ listener, delivery, commitPoint, nowMs: () => 0, onError }), steps, onError };
}

describe('the early word of a change', () => {
  test('empties this pod at once, then Redis and all pods, then what was read meanwhile', async () => {
    const { announce, steps } = announcer(async () => ({ lsn: 7n, versions }));
    await announce(sessionLogout(['s']));
    expect(steps).toEqual(['applied', 'applied with 7', 'delivered 1', 'applied with 7']);
  });

  test('is left to the outbox where Redis fails, whose values this pod trusts no more', async () => {
    const { announce, steps, onError } = announcer(
      async () => ({ lsn: 7n, versions }),
      async () => Promise.reject(new Error('redis down')),
    );
    await announce(sessionLogout(['s']));
    expect(steps.slice(-2)).toEqual(['lost', 'applied with 7']);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  test('takes the pod out of trust where the place in the log is not known', async () => {
    const { announce, steps } = announcer(async () => Promise.reject(new Error('primary down')));
    await announce(sessionLogout(['s']));
    expect(steps).toEqual(['applied', 'lost']);
  });
});
