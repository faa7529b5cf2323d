import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../kubernetes/objects.ts';
import { isLost, type NodesSeen } from './nodes.ts';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW_MS - seconds * 1000).toISOString();
const seen = (...answering: string[]): NodesSeen => ({ cordoned: [], answering: new Set(answering) });
const UNSEEN: NodesSeen = { cordoned: [], answering: undefined };

/** On node-a, not ready for as long, and to have ended by then, if it is to end. */
function pod(notReadyFor: number, endsAt?: string): Pod {
  const metadata = { name: 'x-pooler-rw-a', namespace: 'auth', uid: 'u', resourceVersion: '1' };
  const conditions = [{ type: 'Ready', status: 'False' as const, lastTransitionTime: ago(notReadyFor) }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { nodeName: 'node-a' }, status: { phase: 'Running', conditions } },
    metadata: endsAt === undefined ? metadata : { ...metadata, deletionTimestamp: endsAt },
  };
}

describe('a pod', () => {
  test.each<[string, Pod, NodesSeen, boolean]>([
    ['is lost when its node has not answered for long', pod(130), seen('node-b'), true],
    ['is awaited while its node may only be slow', pod(100), seen('node-b'), false],
    ['is awaited on a node that answers, however long it is not ready', pod(1000), seen('node-a'), false],
    ['is awaited where nodes are not seen', pod(1000), UNSEEN, false],
    ['is awaited where nodes are not seen, also when it should have ended', pod(1000, ago(1000)), UNSEEN, false],
    ['is lost with its node when it should have ended', pod(10, ago(1)), seen('node-b'), true],
    ['is awaited on a node that answers, which ends it', pod(1000, ago(1000)), seen('node-a'), false],
    ['is awaited while it has time to end', pod(1000, ago(-1)), seen('node-b'), false],
  ])('%s', (_what, each, nodes, expected) => {
    expect(isLost(each, nodes, NOW_MS)).toBe(expected);
  });
});
