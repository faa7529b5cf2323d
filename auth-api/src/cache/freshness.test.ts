import { describe, expect, test } from '@jest/globals';
import { Freshness } from './freshness.ts';
import { userUpdate } from './invalidation-events.ts';
import { beyondReplicas } from './lsn.ts';

function trusted() {
  let nowMs = 0;
  const freshness = new Freshness(() => nowMs, { replicaLagLimitMs: 5_000 });
  freshness.trustUntil(Number.POSITIVE_INFINITY);
  const heartbeatAt = (ms: number, lsn: bigint) => {
    nowMs = ms;
    freshness.notePosition(lsn);
  };
  return { freshness, heartbeatAt };
}

describe('what a replica must have replayed', () => {
  test('where the primary was before the limit of the lag', () => {
    const { freshness, heartbeatAt } = trusted();
    const needed: bigint[] = [];
    for (const [ms, lsn] of [
      [0, 10n],
      [2_500, 20n],
      [5_000, 30n],
      [7_400, 40n],
      [7_500, 50n],
      [60_000, 60n],
    ] as const) {
      heartbeatAt(ms, lsn);
      needed.push(freshness.refillLsn('user_profile', 'u'));
    }
    expect(needed).toEqual([0n, 0n, 10n, 10n, 20n, 50n]);
  });

  test('the last change of the entry, where that is later', () => {
    const { freshness, heartbeatAt } = trusted();
    heartbeatAt(0, 10n);
    heartbeatAt(6_000, 11n);
    freshness.note({ ...userUpdate('u'), lsn: 12n, committedAtMs: 0 });
    expect([freshness.refillLsn('user_profile', 'u'), freshness.refillLsn('user_profile', 'v')]).toEqual([12n, 10n]);
  });

  test('is not known without trust', () => {
    const { freshness } = trusted();
    freshness.distrust();
    expect(freshness.refillLsn('user_profile', 'u')).toBe(beyondReplicas);
  });
});

test('an event that is delivered again is no news', () => {
  const { freshness } = trusted();
  const event = { ...userUpdate('u'), lsn: 12n, committedAtMs: 0 };
  expect([freshness.note(event), freshness.note(event), freshness.note({ ...event, lsn: 11n })]).toEqual([
    true,
    false,
    false,
  ]);
  const raised = { ...event, targets: [{ type: 'user_permissions', version: 2 }] } as const;
  expect([freshness.note(raised), freshness.note(raised)]).toEqual([true, false]);
});
