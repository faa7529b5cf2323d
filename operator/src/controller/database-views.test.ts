import { describe, expect, test } from '@jest/globals';
import type { Condition, Deployment, Node, Pod, StatefulSet } from '../kubernetes/objects.ts';
import { SHAPE_ANNOTATION } from '../specs/names.ts';
import { NOTHING_OBSERVED } from '../status/observed.ts';
import { clusterWith } from '../testing/sample-clusters.ts';
import { isOlder, movesView, volumesView } from './database-views.ts';

const IDENTITY = { namespace: 'auth', uid: 'u', resourceVersion: '1' };
const REVISION_LABEL = 'controller-revision-hash';

interface Seen {
  postgres?: Record<string, unknown>;
  /** Of the database pod. */
  ordinal?: number;
  revision?: string;
  shape?: string;
  statefulSet?: StatefulSet;
  poolers?: Pod[];
  deployment?: Deployment | undefined;
  cordonedNodes?: string[];
  migrations?: number;
  deletionTimestamp?: string;
  status?: Pod['status'];
}

/** Of a database of one pod on node-a, which is of the newest template unless told otherwise. */
function view({ postgres = {}, revision = '2', shape = 'small', statefulSet = newest(), ...seen }: Seen = {}) {
  const name = `acme-postgres-${seen.ordinal ?? 0}`;
  const metadata = {
    ...{ ...IDENTITY, name, labels: { [REVISION_LABEL]: revision }, annotations: { [SHAPE_ANNOTATION]: shape } },
    ...(seen.deletionTimestamp === undefined ? {} : { deletionTimestamp: seen.deletionTimestamp }),
  };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'node-a' }, status: seen.status ?? {} };
  const member = { pod: name, ready: true, role: '', timeline: 1, xlogLocation: 1n, pendingRestart: [] };
  const deployment = 'deployment' in seen ? seen.deployment : poolerDeployment({});
  return movesView(clusterWith({ postgres }), {
    patroni: { ...NOTHING_OBSERVED.patroni, leader: name, members: [member] },
    statefulSets: new Map([['acme-postgres', statefulSet]]),
    deployments: new Map(deployment && [[deployment.metadata.name, deployment]]),
    podCounts: { migrations: seen.migrations ?? 0 },
    pods: { postgres: [pod], poolers: seen.poolers ?? [], all: seen.poolers ?? [] },
    cordonedNodes: (seen.cordonedNodes ?? []).map(node),
    atMs: Date.parse('2026-01-01T00:00:30Z'),
  });
}

const node = (name: string): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { ...IDENTITY, name } });

/** Of revision 2 and shape `small`. */
function newest(status: StatefulSet['status'] = { observedGeneration: 3, updateRevision: '2' }): StatefulSet {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet' },
    metadata: { ...IDENTITY, name: 'acme-postgres', generation: 3 },
    spec: { template: { metadata: { annotations: { [SHAPE_ANNOTATION]: 'small' } } } },
    status,
  };
}

function poolerDeployment(status: Deployment['status']): Deployment {
  const metadata = { ...IDENTITY, name: 'acme-pooler-rw', generation: 1 };
  const spec = { replicas: 2 };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec, status: { observedGeneration: 1, ...status } };
}

function pooler(status: Pod['status'], { component = 'pooler-rw', leaves = false } = {}): Pod {
  const metadata = {
    ...{ ...IDENTITY, name: `acme-${component}-x`, labels: { 'app.kubernetes.io/component': component } },
    ...(leaves ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: status ?? {} };
}

const condition = (type: string, status: 'True' | 'False', reason = ''): Condition => ({ type, status, reason });
const ready = { phase: 'Running', conditions: [condition('Ready', 'True')] };
const unready = { phase: 'Running', conditions: [condition('Ready', 'False')] };
const unschedulable = { phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable')] };
const withoutImage = {
  phase: 'Pending',
  containerStatuses: [
    { name: 'pgbouncer', ready: false, restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } },
  ],
};
const creating = { phase: 'Pending', conditions: [condition('PodScheduled', 'True')] };

describe('a pod of the database', () => {
  test.each<[string, Seen, boolean]>([
    ['of the newest template', {}, false],
    ['whose shape the spec has changed', { revision: '1', shape: 'large' }, true],
    ['of an older template, with updates: Automatic', { revision: '1', postgres: { updates: 'Automatic' } }, true],
    ['of the newest template, with updates: Automatic', { postgres: { updates: 'Automatic' } }, false],
  ])('%s is to be replaced or not', (_what, seen, outdated) => {
    expect(view(seen).members[0]?.outdated).toBe(outdated);
  });

  test('of the same shape is left alone: an operator upgrade alone restarts no database', () => {
    const members = view({ revision: '1' }).members;
    expect(members.map(({ outdated }) => outdated)).toEqual([false]);
  });

  const crashed = { terminated: { exitCode: 1, reason: 'OOMKilled' } };
  const container = (state: object) => ({
    phase: 'Running',
    containerStatuses: [{ name: 'postgres', ready: false, restartCount: 1, state, lastState: crashed }],
  });
  test.each<[string, Pod['status'], boolean]>([
    ['no node has room for it', unschedulable, true],
    ['its image is not to be had', withoutImage, true],
    ['its container crashes and waits', container({ waiting: { reason: 'CrashLoopBackOff' } }), true],
    ['its container has crashed, and runs again', container({ running: {} }), false],
    ['it is about to start', creating, false],
    ['it is ready', ready, false],
  ])(
    'of an older template that is the same to the spec is replaced where it cannot start: %s',
    (_when, status, stuck) => {
      expect(view({ revision: '1', status }).members[0]).toMatchObject({ stuck, outdated: stuck });
      expect(view({ status }).members[0]).toMatchObject({ stuck, outdated: false });
    },
  );

  test('is told to be on a cordoned node, or on its way out', () => {
    expect(view({ cordonedNodes: ['node-b'] }).members[0]).toMatchObject({ cordoned: false, leaving: false });
    expect(view({ cordonedNodes: ['node-a'] }).members[0]).toMatchObject({ cordoned: true, node: 'node-a' });
    expect(view({ deletionTimestamp: '2026-01-01T00:00:00Z' }).members[0]).toMatchObject({ leaving: true });
  });

  test.each<[string, StatefulSet | undefined, boolean]>([
    ['it is of another revision', newest(), true],
    ['its revision is the newest', newest({ observedGeneration: 3, updateRevision: '1' }), false],
    ['nobody has seen the newest template', newest({ observedGeneration: 2, updateRevision: '2' }), false],
    ['no revision is known', newest({ observedGeneration: 3 }), false],
    ['there is no StatefulSet', undefined, false],
  ])('is older than its template, or not, when %s', (_when, statefulSet, older) => {
    expect(isOlder({ metadata: { ...IDENTITY, name: 'x', labels: { [REVISION_LABEL]: '1' } } }, statefulSet)).toBe(
      older,
    );
  });
});

test('a replica without every commit may not take over from a primary that goes, also where no replica is to be left', () => {
  const asked = (postgres: Record<string, unknown>, ordinal: number) =>
    view({ postgres: { readReplicas: 0, ...postgres }, ordinal }).synchronous;
  expect(asked({}, 1)).toBe(true);
  expect(asked({ synchronous: 'Off' }, 1)).toBe(false);
  expect(asked({}, 0)).toBe(false);
});

describe('what keeps writes from being held back', () => {
  test.each<[string, Seen]>([
    ['every pooler is ready', { poolers: [pooler(ready), pooler(ready)] }],
    ['no node has room for one', { poolers: [pooler(ready), pooler(unschedulable)] }],
    ['the image of one is not to be had', { poolers: [pooler(ready), pooler(withoutImage)] }],
    ['one that leaves never ran', { poolers: [pooler(ready), pooler(unschedulable, { leaves: true })] }],
    ['one has been evicted', { poolers: [pooler(ready), pooler({ phase: 'Failed' })] }],
    ['the Deployment counts fewer than it should', { deployment: poolerDeployment({ readyReplicas: 1 }) }],
    ['those for reads are not ready', { poolers: [pooler(ready), pooler(unready, { component: 'pooler-ro' })] }],
    ['there are no poolers yet', { deployment: undefined }],
  ])('is nothing when %s', (_when, seen) => {
    expect(view(seen).hindrance).toBeUndefined();
  });

  test.each<[string, Seen, string]>([
    ['one runs and is not ready', { poolers: [pooler(ready), pooler(unready)] }, 'has to be ready'],
    ['one is about to start', { poolers: [pooler(ready), pooler(creating)] }, 'has to be ready'],
    ['one leaves', { poolers: [pooler(ready), pooler(ready, { leaves: true })] }, 'have to leave it'],
    ['another template was just applied', { deployment: poolerDeployment({ observedGeneration: 0 }) }, 'to be ready'],
    ['migrations run', { migrations: 1 }, 'a migration has to end'],
  ])('is told when %s', (_when, seen, hindrance) => {
    expect(view(seen).hindrance).toContain(hindrance);
  });
});

describe('the database is whole, so that volumes of members too many may go,', () => {
  const member = (ordinal: number, role: string | undefined, isReady = true) => ({
    ...{ pod: `acme-postgres-${ordinal}`, ready: isReady, role, timeline: 1, xlogLocation: 1n, pendingRestart: [] },
  });
  const leader = 'acme-postgres-0';
  test.each<[string, Partial<typeof NOTHING_OBSERVED.patroni>, boolean]>([
    [
      'when all members are there and one leads',
      { leader, members: [member(0, 'primary'), member(1, 'replica')] },
      true,
    ],
    ['unless the leader key is of before', { leader, members: [member(0, undefined), member(1, 'replica')] }, false],
    ['unless one is not ready', { leader, members: [member(0, 'primary'), member(1, 'replica', false)] }, false],
    ['unless one is not there', { leader, members: [member(0, 'primary')] }, false],
  ])('%s', (_when, patroni, whole) => {
    const statefulSet = { ...newest(), spec: { replicas: 2 } };
    const seen = {
      patroni: { ...NOTHING_OBSERVED.patroni, ...patroni },
      statefulSets: new Map([['acme-postgres', statefulSet]]),
      claims: [],
    };
    expect(volumesView(clusterWith({ postgres: { readReplicas: 1 } }), seen).whole).toBe(whole);
  });
});
