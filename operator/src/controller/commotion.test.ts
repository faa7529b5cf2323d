import { describe, expect, test } from '@jest/globals';
import type { Node, Pod } from '../kubernetes/objects.ts';
import { commotion } from './commotion.ts';

const AT_MS = Date.parse('2026-01-01T00:10:00Z');
const IDENTITY = { namespace: 'auth', uid: 'u', resourceVersion: '1' };
const CORDONED: Node = { apiVersion: 'v1', kind: 'Node', metadata: { ...IDENTITY, name: 'node-a' }, spec: {} };

function cordoned(secondsAgo: number): Node {
  const timeAdded = new Date(AT_MS - secondsAgo * 1000).toISOString();
  return { ...CORDONED, spec: { taints: [{ key: 'node.kubernetes.io/unschedulable', timeAdded }] } };
}

/** A pod of the auth API, made some seconds ago, that is not ready. */
function starting(secondsAgo: number, { component = 'auth-api', leaves = false, status = {} } = {}): Pod {
  const time = new Date(AT_MS - secondsAgo * 1000).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ ...IDENTITY, name: `acme-${component}-x`, creationTimestamp: time },
      labels: { 'app.kubernetes.io/component': component },
      ...(leaves ? { deletionTimestamp: time } : {}),
    },
    spec: {},
    status: { phase: 'Running', ...status },
  };
}

describe('what the primary waits for before it leaves a node that is drained', () => {
  test('is that the drain has begun with the other pods, and that those are ready elsewhere', () => {
    expect(commotion([], [cordoned(4)], AT_MS)).toBe('the drain has to begin');
    expect(commotion([starting(8)], [cordoned(9)], AT_MS)).toBe(
      'pods that have moved have to be ready: acme-auth-api-x',
    );
    expect(commotion([], [cordoned(9)], AT_MS)).toBeUndefined();
  });

  test.each<[string, Pod]>([
    ['is ready', starting(8, { status: { conditions: [{ type: 'Ready', status: 'True' }] } })],
    ['has not started for a minute', starting(61)],
    ['cannot start', starting(8, { status: { conditions: [{ type: 'PodScheduled', status: 'False' }] } })],
    ['leaves', starting(8, { leaves: true })],
    ['has ended', starting(8, { status: { phase: 'Succeeded' } })],
    ['is of the database, of which the move itself knows', starting(8, { component: 'postgres' })],
  ])('is no pod that %s', (_what, pod) => {
    expect(commotion([pod], [cordoned(9)], AT_MS)).toBeUndefined();
  });

  test('is the taint, which comes with the time, but not a taint without one', () => {
    expect(commotion([], [CORDONED], AT_MS)).toBe('the drain has to begin');
    const timeless = { ...CORDONED, spec: { taints: [{ key: 'node.kubernetes.io/unschedulable' }] } };
    expect(commotion([], [timeless], AT_MS)).toBeUndefined();
  });
});
