import { describe, expect, test } from '@jest/globals';
import type { ContainerStatus, Pod } from '../kubernetes/objects.ts';
import { podHealth } from './pod-health.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const SWITCHED_AT = NOW - 40_000;
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();

interface Over extends Omit<Partial<ContainerStatus>, 'ready'> {
  /** Since when it is not ready; absent for one that is. */
  unreadySince?: string;
  nodeName?: string | undefined;
  phase?: string;
  leaving?: boolean;
}

function pod({ unreadySince, nodeName = 'node', phase = 'Running', leaving = false, ...container }: Over = {}): Pod {
  const ready = unreadySince === undefined;
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: unreadySince ?? at(60) };
  return {
    metadata: { name: 'a', ...(leaving ? { deletionTimestamp: at(0) } : {}) },
    spec: nodeName === '' ? {} : { nodeName },
    status: {
      phase,
      conditions: [condition],
      containerStatuses: [{ name: 'auth-api', ready, restartCount: 0, ...container }],
    },
  } as Pod;
}
const health = (over: Over) => podHealth([pod(over)], SWITCHED_AT, NOW);
const ended = (secondsAgo: number) => ({ terminated: { exitCode: 137, finishedAt: at(secondsAgo) } });

describe('the health of pods that have the traffic', () => {
  test.each<[string, Over, object]>([
    ['ready', {}, { unready: 0, longUnready: 0 }],
    ['just not ready', { unreadySince: at(29) }, { unready: 1, longUnready: 0 }],
    ['not ready for long', { unreadySince: at(30) }, { unready: 1, longUnready: 1 }],
    [
      'still waiting for its image',
      { unreadySince: at(300), state: { waiting: { reason: 'ContainerCreating' } } },
      { unready: 1, longUnready: 0 },
    ],
    ['without a node', { unreadySince: at(300), nodeName: '' }, { unready: 0, longUnready: 0 }],
    ['leaving', { unreadySince: at(300), leaving: true }, { unready: 0, longUnready: 0 }],
    ['evicted by its node', { unreadySince: at(300), phase: 'Failed' }, { unready: 0, longUnready: 0 }],
  ])('counts one that is %s', (_what, over, expected) => {
    expect(health(over)).toMatchObject(expected);
  });

  test.each<[string, Over, number]>([
    ['is started for the second time', { restartCount: 2, lastState: ended(5) }, 1],
    ['waits for its next start', { restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } }, 1],
    ['ended once', { restartCount: 1, lastState: ended(5) }, 0],
    ['ended before it had the traffic', { restartCount: 5, lastState: ended(41) }, 0],
    ['ended again and again, and leaves', { restartCount: 5, lastState: ended(5), leaving: true }, 0],
  ])('of one that %s', (_what, over, crashing) => {
    expect(health(over).crashing).toBe(crashing);
  });

  test('knows no crash without a switch', () => {
    expect(podHealth([pod({ restartCount: 5, lastState: ended(5) })], undefined, NOW).crashing).toBe(0);
  });
});
