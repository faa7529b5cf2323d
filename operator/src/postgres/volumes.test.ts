import { describe, expect, test } from '@jest/globals';
import type { PersistentVolumeClaim } from '../kubernetes/objects.ts';
import { planVolumes, type VolumesView } from './volumes.ts';

function claim(ordinal: number, asked: string, capacity = asked): PersistentVolumeClaim {
  const name = `data-x-postgres-${ordinal}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'n', uid: name, resourceVersion: '1' },
    spec: { resources: { requests: { storage: asked } } },
    status: { capacity: { storage: capacity } },
  };
}

function failure(type: string, message?: string): object {
  return { type, status: 'True', ...(message === undefined ? {} : { message }) };
}

function plan(over: Partial<VolumesView>) {
  const claims = [claim(0, '1Gi'), claim(1, '1Gi')];
  const { grow, remove, growing, ...rest } = planVolumes({
    ...{ size: '1Gi', claims, templateSize: '1Gi', wantedMembers: 2, whole: true },
    ...over,
  });
  const named = (some: readonly PersistentVolumeClaim[]) => some.map(({ metadata }) => metadata.name.at(-1));
  return { grow: named(grow), remove: named(remove), growing: named(growing), ...rest };
}

const NOTHING = { grow: [], remove: [], growing: [], renewTemplate: false, smallest: '1Gi', members: 2 };

/** A claim that asks for more than it has, of which its driver says something. */
function growing(status: object): PersistentVolumeClaim {
  const asked = claim(0, '2Gi', '1Gi');
  return { ...asked, status: { ...asked.status, ...status } };
}

describe('planVolumes', () => {
  test.each<[string, Partial<VolumesView>]>([
    ['all is as wanted', {}],
    ['the same size is written otherwise', { size: '1024Mi' }],
    ['there is nothing yet', { claims: [], templateSize: undefined }],
  ])('does nothing where %s', (_why, over) => {
    expect(plan(over)).toMatchObject(over.claims ? { ...NOTHING, smallest: undefined, members: 0 } : NOTHING);
  });

  test('has claims grow first, and the template follow when all have been asked for', () => {
    const half = [claim(0, '2Gi', '1Gi'), claim(1, '1Gi')];
    const asked = [claim(0, '2Gi'), claim(1, '2Gi', '1Gi')];
    expect(plan({ size: '2Gi' })).toMatchObject({ grow: ['0', '1'], renewTemplate: false });
    expect(plan({ size: '2Gi', claims: half })).toMatchObject({ grow: ['1'], growing: ['0'], renewTemplate: false });
    expect(plan({ size: '2Gi', claims: asked })).toMatchObject({ grow: [], growing: ['1'], renewTemplate: true });
    expect(plan({ size: '2Gi', claims: asked, templateSize: '2Gi' })).toMatchObject({ renewTemplate: false });
  });

  test.each<[string | undefined, object]>([
    ['volume claim data-x-postgres-0: disk full', { conditions: [failure('ControllerResizeError', 'disk full')] }],
    ['volume claim data-x-postgres-0: NodeResizeError', { conditions: [failure('NodeResizeError')] }],
    [
      'volume claim data-x-postgres-0: ControllerResizeInfeasible',
      { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } },
    ],
    [undefined, { conditions: [failure('FileSystemResizePending', 'waiting')] }],
    [undefined, { allocatedResourceStatuses: { storage: 'NodeResizeInProgress' } }],
  ])('tells %s', (growthProblem, status) => {
    expect(plan({ size: '2Gi', claims: [growing(status)], templateSize: '2Gi' })).toMatchObject({ growthProblem });
  });

  test('never shrinks anything, and tells the least that a volume was asked to be', () => {
    const larger = [claim(0, '4Gi'), claim(1, '2Gi')];
    expect(plan({ claims: larger, templateSize: '2Gi' })).toEqual({ ...NOTHING, smallest: '2Gi' });
  });

  test('removes the claim of a member that is gone, but only while all others are well', () => {
    const three = [claim(0, '1Gi'), claim(1, '1Gi'), claim(2, '1Gi')];
    expect(plan({ claims: three })).toMatchObject({ remove: ['2'] });
    expect(plan({ claims: three, whole: false })).toMatchObject({ remove: [] });
  });
});
