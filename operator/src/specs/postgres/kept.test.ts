import { describe, expect, test } from '@jest/globals';
import type { StatefulSet } from '../../kubernetes/objects.ts';
import { NOTHING_OBSERVED } from '../../status/observed.ts';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { names } from '../names.ts';
import { keptOfPostgres } from './kept.ts';

interface Scene {
  readReplicas: number;
  /** Pods that are there, and which of them leads, by ordinal. */
  pods?: readonly number[];
  /** Those of them that are ready. */
  ready?: readonly number[];
  leader?: number;
  /** What Patroni has labelled the pod with that leads. */
  role?: string;
  initialized?: boolean;
  /** Members up to the last that has a volume. */
  volumes?: number;
  /** What the StatefulSet asks for; none where there is no StatefulSet. */
  running?: number;
}

function keptReplicas({
  readReplicas,
  pods = [],
  ready = pods,
  leader,
  initialized = true,
  volumes = 0,
  running,
  role = 'primary',
}: Scene) {
  const cluster = clusterWith({ postgres: { readReplicas } });
  const podOf = (ordinal: number) => `${names(cluster).postgres}-${ordinal}`;
  const live = running === undefined ? [] : [[names(cluster).postgres, { metadata: {}, spec: { replicas: running } }]];
  return keptOfPostgres(cluster, {
    statefulSets: new Map(live as [string, StatefulSet][]),
    volumes: { ...NOTHING_OBSERVED.volumes, members: volumes },
    moves: NOTHING_OBSERVED.moves,
    patroni: {
      ...NOTHING_OBSERVED.patroni,
      initialized,
      leader: leader === undefined ? undefined : podOf(leader),
      members: pods.map((ordinal) => ({
        ...{
          pod: podOf(ordinal),
          ready: ready.includes(ordinal),
          role: ordinal === leader ? role : 'replica',
          timeline: 1,
          xlogLocation: 1n,
          pendingRestart: [],
        },
      })),
    },
  }).replicas;
}

describe('members that stay although the spec asks for fewer', () => {
  test('those up to one that is to go and leads', () => {
    expect(keptReplicas({ readReplicas: 0, pods: [0, 1, 2], leader: 2, volumes: 3, running: 3 })).toBe(3);
    expect(keptReplicas({ readReplicas: 1, pods: [0, 1, 2, 3], leader: 2, volumes: 4, running: 4 })).toBe(3);
    expect(keptReplicas({ readReplicas: 0, pods: [0, 1, 2], leader: 0, volumes: 3, running: 3 })).toBeUndefined();
  });

  test('all of them while none that stays is ready to take over', () => {
    const scene = { readReplicas: 1, pods: [0, 1, 2, 3], leader: 2, volumes: 4, running: 4 };
    expect(keptReplicas({ ...scene, ready: [2, 3] })).toBe(4);
  });

  test('up to the one that leads, also while the StatefulSet is made anew', () => {
    expect(keptReplicas({ readReplicas: 0, pods: [0, 1, 2], leader: 1, volumes: 3 })).toBe(2);
    expect(keptReplicas({ readReplicas: 0, pods: [0, 1, 2], leader: 1, volumes: 3, running: 1 })).toBe(2);
    expect(keptReplicas({ readReplicas: 1, pods: [0, 1, 2], leader: 1, volumes: 3 })).toBeUndefined();
  });

  test.each<[string, Partial<Scene>]>([
    ['nobody holds the leader key', {}],
    ['the leader key names a pod that is not there', { leader: 1 }],
    ['the leader key names a pod that was made anew', { leader: 0, role: '' }],
  ])('whoever has a volume of an adopted database, while %s: it may be the one with every commit', (_why, over) => {
    expect(keptReplicas({ readReplicas: 0, volumes: 3, ...over })).toBe(3);
    expect(keptReplicas({ readReplicas: 0, volumes: 3, pods: [0], running: 3, ...over })).toBe(3);
  });

  test('none of a database that there never was, or with no more volumes than members', () => {
    expect(keptReplicas({ readReplicas: 0, volumes: 3, initialized: false })).toBeUndefined();
    expect(keptReplicas({ readReplicas: 2, volumes: 3 })).toBeUndefined();
  });
});
