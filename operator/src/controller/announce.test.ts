import { describe, expect, test } from '@jest/globals';
import type { AuthClusterStatus } from '../api/generated/authcluster.ts';
import { announcements } from './announce.ts';

function status(ready: 'True' | 'False', primary?: string): AuthClusterStatus {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const condition = {
    type: 'Ready',
    status: ready,
    reason: 'PrimaryMissing',
    message: 'nobody leads',
    lastTransitionTime,
  };
  return { conditions: [condition], ...(primary === undefined ? {} : { postgres: { primary } }) };
}

const reasons = (before: AuthClusterStatus | undefined, after: AuthClusterStatus) =>
  announcements(before, after).map(({ reason }) => reason);

describe('announcements', () => {
  test('are made when an AuthCluster becomes ready, and when it ceases to be', () => {
    expect(reasons(status('False'), status('True'))).toEqual(['Ready']);
    expect(reasons(status('True'), status('False'))).toEqual(['NotReady']);
  });

  test('are not made of an AuthCluster that is only coming up, or that stays as it is', () => {
    expect(reasons(undefined, status('False'))).toEqual([]);
    expect(reasons(status('True'), status('True'))).toEqual([]);
  });

  test('tell where the traffic of the auth API goes, and that a rollout was taken back', () => {
    const api = (activeColor: 'blue' | 'green', phase: 'Stable' | 'Baking' | 'RolledBack') => ({
      api: { activeColor, rollout: { phase, revision: 'b', message: 'too many errors' } },
    });
    expect(reasons(api('blue', 'Stable'), api('green', 'Baking'))).toEqual(['TrafficMoved']);
    expect(reasons(api('green', 'Baking'), api('blue', 'RolledBack'))).toEqual(['TrafficMoved', 'RolledBack']);
    expect(reasons(api('blue', 'RolledBack'), api('blue', 'RolledBack'))).toEqual([]);
  });

  test('name the new primary and the one before, but not the first', () => {
    expect(reasons(status('True', 'x-postgres-0'), status('True', 'x-postgres-1'))).toEqual(['PrimaryChanged']);
    expect(reasons(status('True'), status('True', 'x-postgres-0'))).toEqual([]);
  });
});
