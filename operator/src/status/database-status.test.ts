import { describe, expect, test } from '@jest/globals';
import { announcements } from '../controller/announce.ts';
import type { PersistentVolumeClaim } from '../kubernetes/objects.ts';
import type { MoveReport } from '../postgres/mover.ts';
import { allObjects } from '../specs/all-objects.ts';
import { observedAllReady } from '../testing/observations.ts';
import { SAMPLE_INPUTS, sampleCluster } from '../testing/sample-clusters.ts';
import type { Observed } from './observed.ts';
import { statusOf } from './status.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const cluster = sampleCluster('development');
const settled = observedAllReady(cluster, allObjects(cluster, SAMPLE_INPUTS));
const MOVE = { kind: 'switchover', from: 'a', to: 'b', reason: 'Drain', message: 'making b the primary' } as const;

function statusWith(over: Partial<Observed>, of = cluster) {
  const status = statusOf(of, { ...settled, ...over }, SAMPLE_INPUTS, NOW);
  const condition = (type: string) => status.conditions?.find((each) => each.type === type);
  return { status, condition };
}

describe('the status of the database', () => {
  test('serves, and tells what is being done with its pods', () => {
    const { status, condition } = statusWith({ moves: { next: MOVE } });
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'SwitchingOver' });
    expect(condition('Progressing')).toMatchObject({ status: 'True', message: expect.stringContaining(MOVE.message) });
    expect(status.postgres?.change).toBe(MOVE.message);
  });

  test('is being changed from the moment in which its StatefulSet is, before Kubernetes has looked at it', () => {
    const [name, live] = [...settled.statefulSets].find(([each]) => each.endsWith('-postgres')) ?? [];
    if (name === undefined || live === undefined) throw new Error('there is no database');
    const changed = { ...live, metadata: { ...live.metadata, generation: 2 } };
    const { condition } = statusWith({ statefulSets: new Map([...settled.statefulSets, [name, changed]]) });
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'RollingOut' });
    expect(condition('Ready')?.status).toBe('False');
  });

  test('needs attention while an annotation asks for what cannot be', () => {
    const { condition } = statusWith({ moves: { next: { kind: 'none' }, refusal: 'allowed: demo-postgres-1' } });
    expect(condition('Degraded')).toMatchObject({ status: 'True', reason: 'SwitchoverRefused' });
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'SwitchoverRefused' });
  });

  test('tells why a move was given up', () => {
    const { condition } = statusWith({ moves: { next: MOVE }, moveProblem: 'Query read timeout' });
    expect(condition('Degraded')).toMatchObject({ reason: 'SwitchoverGivenUp', message: 'Query read timeout' });
  });

  test('serves without parameters that were refused, which need attention, also while something else is done', () => {
    const refusedParameters = ['spec.postgres.parameters.jit: "perhaps" is left out'];
    const settledDown = statusWith({ refusedParameters }).condition;
    expect(settledDown('DatabaseReady')).toMatchObject({ status: 'True', reason: 'ParametersRefused' });
    expect(settledDown('Degraded')).toMatchObject({ reason: 'ParametersRefused', message: refusedParameters[0] });
    expect(settledDown('Ready')?.status).toBe('False');
    const moving = statusWith({ refusedParameters, moves: { next: MOVE } }).condition;
    expect(moving('DatabaseReady')).toMatchObject({ status: 'True', reason: 'SwitchingOver' });
    expect(moving('Degraded')).toMatchObject({ reason: 'ParametersRefused' });
  });

  test('counts pods of an older template, which are no change of their own', () => {
    const { status, condition } = statusWith({ olderDatabasePods: 2 });
    expect(status.postgres?.olderPods).toBe(2);
    expect(condition('Ready')?.status).toBe('True');
  });

  test('is not complete while volumes grow', () => {
    const growing = [{} as PersistentVolumeClaim];
    const { condition } = statusWith({ volumes: { ...settled.volumes, growing } });
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'GrowingStorage' });
    expect(condition('Ready')?.status).toBe('False');
  });
});

describe('a planned move', () => {
  const moved: MoveReport = {
    ...{ from: 'demo-postgres-0', to: 'demo-postgres-1', reason: 'Drain' },
    outcome: { kind: 'moved', pauseSeconds: 2.345 },
    atMs: NOW.getTime(),
  };
  const after = statusWith({ moved }).status;

  test('is told with the time that writes waited, and stays in the status', () => {
    const lastSwitchover = {
      ...{ from: 'demo-postgres-0', to: 'demo-postgres-1', reason: 'Drain', outcome: 'Moved' },
      ...{ pauseMilliseconds: 2345, time: '2026-01-02T03:04:05.000Z' },
    };
    expect(after.postgres?.lastSwitchover).toEqual(lastSwitchover);
    expect(statusWith({}, { ...cluster, status: after }).status.postgres?.lastSwitchover).toEqual(lastSwitchover);
  });

  test('is announced once', () => {
    const before = statusWith({}).status;
    expect(announcements(before, after)).toMatchObject([{ type: 'Normal', reason: 'SwitchedOver' }]);
    expect(announcements(before, after)[0]?.note).toContain('writes waited for 2.3 s');
    expect(announcements(after, after)).toEqual([]);
  });

  test.each([
    ['given up', { kind: 'given up', pauseSeconds: 1.6, why: 'a long transaction' }, 'SwitchoverGivenUp'],
    ['late', { kind: 'late', pauseSeconds: 4.6 }, 'SwitchoverLate'],
  ] as const)('that was %s is announced as a warning', (_how, outcome, reason) => {
    const { status } = statusWith({ moved: { ...moved, outcome } });
    expect(announcements(statusWith({}).status, status)).toMatchObject([{ type: 'Warning', reason }]);
  });
});
