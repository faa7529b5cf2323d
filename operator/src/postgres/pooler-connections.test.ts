import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../kubernetes/objects.ts';
import { type Connected, connectablePoolers, outdatedPoolers } from './pooler-connections.ts';

function pod(name: string, ready: 'True' | 'False' = 'True'): Pod {
  const metadata = { name, namespace: 'n', uid: name, resourceVersion: '1' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {},
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

function outdated(known: Connected | undefined, present: Connected, ready: 'True' | 'False' = 'True'): boolean {
  const connected = new Map(known === undefined ? [] : [['a', known]]);
  return outdatedPoolers([pod('a', ready)], connected, present).length > 0;
}

describe('a pooler has to connect anew', () => {
  const present = { leadership: 'db-0/1', schema: 'migrations-a' };

  test.each([
    ['when nothing is known of it', undefined],
    ['after a change of leader', { ...present, leadership: 'db-1/0' }],
    ['after migrations', { ...present, schema: 'migrations-before' }],
    ['after the first migrations', { ...present, schema: undefined }],
  ])('%s', (_when, known) => {
    expect(outdated(known, present)).toBe(true);
  });

  test('but not again, nor while migrations run, nor before it is ready', () => {
    expect(outdated(present, present)).toBe(false);
    expect(outdated(present, { ...present, schema: undefined })).toBe(false);
    expect(outdated(undefined, present, 'False')).toBe(false);
  });
});

describe('while no replica is ready', () => {
  const poolers = ['pooler-rw', 'pooler-ro'].map((component) => {
    const { metadata, ...rest } = pod(component);
    return { ...rest, metadata: { ...metadata, labels: { 'app.kubernetes.io/component': component } } };
  });
  const view = (ready: boolean) => {
    const member = { role: undefined, timeline: 1, xlogLocation: 1n, pendingRestart: [] };
    const members = [
      { ...member, pod: 'db-0', ready: true },
      { ...member, pod: 'db-1', ready },
    ];
    return { leader: 'db-0', transitions: 1, syncStandbys: [], initialized: true, members };
  };

  test('poolers for reads keep the connections they have', () => {
    const names = (ready: boolean) => connectablePoolers(poolers, view(ready)).map(({ metadata }) => metadata.name);
    expect(names(false)).toEqual(['pooler-rw']);
    expect(names(true)).toEqual(['pooler-rw', 'pooler-ro']);
  });
});
