import { describe, expect, test } from '@jest/globals';
import type { StatefulSet } from '../../kubernetes/objects.ts';
import { clusterWith } from '../../testing/sample-clusters.ts';
import type { Manifest } from '../manifest.ts';
import { shardsNotInTurn } from './in-turn.ts';

interface Live {
  template: string;
  ready: number;
  /** Of two pods; two where it is left out. */
  updated?: number;
}

const metadata = (shard: number, template: string) => ({
  name: `x-redis-${shard}`,
  annotations: { 'authcluster.dev/template-hash': template },
});

/** Numbers of the shards that wait; undefined stands for one that is not there yet. */
function waiting(...shards: (Live | undefined)[]): number[] {
  const wanted = shards.map((_, shard): Manifest => {
    return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata(shard, 'new') };
  });
  const live = shards.map((each, shard) => {
    if (each === undefined) return undefined;
    const status = { replicas: 2, readyReplicas: each.ready, updatedReplicas: each.updated ?? 2 };
    return { metadata: metadata(shard, each.template), status } as unknown as StatefulSet;
  });
  const statefulSets = new Map(live.flatMap((each) => (each === undefined ? [] : [[each.metadata.name, each]])));
  return shardsNotInTurn(clusterWith({}), wanted, { statefulSets }).map(({ metadata: { name } }) =>
    Number(name.at(-1)),
  );
}

const OLD = { template: 'old', ready: 2 };
const NEW = { template: 'new', ready: 2 };
const REPLACED = { template: 'new', ready: 1, updated: 1 };

describe('shards of Redis, of which pods are to be replaced', () => {
  test.each<[string, (Live | undefined)[], number[]]>([
    ['are none that wait when nothing changes', [NEW, NEW, NEW], []],
    ['are made at the same time', [undefined, undefined, undefined], []],
    ['begin with the first', [OLD, OLD, OLD], [1, 2]],
    ['wait while pods of another are replaced', [REPLACED, OLD, OLD], [1, 2]],
    ['wait while pods of a later one are replaced', [OLD, OLD, REPLACED], [0, 1]],
    ['go on with the next when that is done', [NEW, OLD, OLD], [2]],
    ['do not wait for a last pod to be ready, which has handed over', [{ ...NEW, ready: 1 }, OLD, OLD], [2]],
    ['take another change in the middle of one', [{ ...REPLACED, template: 'broken' }, OLD, OLD], [1, 2]],
    ['do not wait where none serves', [0, 1, 2].map(() => ({ ...OLD, ready: 0 })), []],
    ['do not keep a new one waiting', [OLD, OLD, undefined], [1]],
  ])('%s', (_name, shards, expected) => {
    expect(waiting(...shards)).toEqual(expected);
  });
});
