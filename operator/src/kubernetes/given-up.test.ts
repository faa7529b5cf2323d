import { describe, expect, test } from '@jest/globals';
import { isGivenUp } from './given-up.ts';
import type { Pod } from './objects.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

function pod(metadata: Partial<Pod['metadata']>, ready?: { status: 'True' | 'False' | 'Unknown'; since: string }): Pod {
  const identity = { name: 'x-redis-0-0', namespace: 'default', uid: 'u', resourceVersion: '1' };
  const conditions =
    ready === undefined ? [] : [{ type: 'Ready', status: ready.status, lastTransitionTime: ready.since }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...identity, ...metadata }, spec: {}, status: { conditions } };
}

const OLD = { creationTimestamp: ago(9000) };

describe('a pod', () => {
  test.each<[string, Pod, boolean]>([
    ['is awaited while it is ready', pod(OLD, { status: 'True', since: ago(9000) }), false],
    ['is awaited while it restarts', pod(OLD, { status: 'False', since: ago(60) }), false],
    ['is given up when it has not been ready for long', pod(OLD, { status: 'False', since: ago(121) }), true],
    ['is given up when its node has not told for long', pod(OLD, { status: 'Unknown', since: ago(121) }), true],
    [
      'is awaited while it ends',
      pod({ ...OLD, deletionTimestamp: ago(-20) }, { status: 'False', since: ago(200) }),
      false,
    ],
    [
      'is given up when nobody ends it',
      pod({ ...OLD, deletionTimestamp: ago(1) }, { status: 'True', since: OLD.creationTimestamp }),
      true,
    ],
    ['is awaited while it waits for a node', pod({ creationTimestamp: ago(30) }), false],
    ['is given up when no node takes it for long', pod({ creationTimestamp: ago(121) }), true],
  ])('%s', (_name, each, expected) => {
    expect(isGivenUp(each, NOW)).toBe(expected);
  });
});
