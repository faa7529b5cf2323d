import { describe, expect, test } from '@jest/globals';
import type { ConfigMap, Pod } from '../kubernetes/objects.ts';
import { isLed, readPatroni, stalePrimaries } from './patroni.ts';

function configMap(suffix: string, annotations: Record<string, string>): ConfigMap {
  const metadata = { name: `x-postgres-${suffix}`, namespace: 'n', uid: suffix, resourceVersion: '1', annotations };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function pod(name: string, role: string | undefined, ready = true): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n', uid: name, resourceVersion: '1', labels: role === undefined ? {} : { role } },
    spec: {},
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function view(leader: string | undefined, pods: Pod[]) {
  const configMaps = [
    configMap('leader', { ...(leader === undefined ? {} : { leader }), transitions: '3' }),
    configMap('sync', { leader: 'x-postgres-0', sync_standby: 'x-postgres-1,x-postgres-2' }),
    configMap('config', { initialize: '7', config: '{}' }),
  ];
  return readPatroni({ scope: 'x-postgres', configMaps, pods, roleLabel: 'role' });
}

describe('readPatroni', () => {
  test('reads the leader, its standbys and the members from annotations and labels', () => {
    expect(view('x-postgres-0', [pod('x-postgres-0', 'primary')])).toMatchObject({
      leader: 'x-postgres-0',
      transitions: 3,
      syncStandbys: ['x-postgres-1', 'x-postgres-2'],
      initialized: true,
      members: [{ pod: 'x-postgres-0', role: 'primary', ready: true }],
    });
  });

  test('knows nothing before the first ConfigMap', () => {
    expect(readPatroni({ scope: 'x-postgres', configMaps: [], pods: [], roleLabel: 'role' })).toEqual({
      leader: undefined,
      transitions: 0,
      syncStandbys: [],
      initialized: false,
      members: [],
    });
  });
});

describe('stalePrimaries', () => {
  const pods = [pod('x-postgres-0', 'primary', false), pod('x-postgres-1', 'primary'), pod('x-postgres-2', 'replica')];

  test('names a dead primary that keeps its label', () => {
    expect(stalePrimaries(view('x-postgres-1', pods))).toEqual(['x-postgres-0']);
  });

  test('touches nothing while nobody leads', () => {
    expect(stalePrimaries(view(undefined, pods))).toEqual([]);
  });
});

describe('isLed', () => {
  test.each<[string, string | undefined, Pod[], boolean]>([
    ['the key names the pod that is labelled primary', 'x-postgres-1', [pod('x-postgres-1', 'primary')], true],
    ['nobody holds the key', undefined, [pod('x-postgres-1', 'primary')], false],
    ['the key names a pod that is not there', 'x-postgres-2', [pod('x-postgres-1', 'primary')], false],
    ['the key names a pod that was made anew', 'x-postgres-1', [pod('x-postgres-1', undefined, false)], false],
    ['the key names one that was not promoted yet', 'x-postgres-1', [pod('x-postgres-1', 'replica')], false],
  ])('when %s', (_when, leader, pods, expected) => {
    expect(isLed(view(leader, pods))).toBe(expected);
  });
});
