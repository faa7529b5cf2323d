import { describe, expect, test } from '@jest/globals';
import type { LiveObject } from './objects.ts';
import { type Change, ObjectStore } from './store.ts';

function pod(name: string, uid: string, resourceVersion: string, metadata: object = {}): LiveObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n', name, uid, resourceVersion, ...metadata } };
}

function watchedStore() {
  const store = new ObjectStore<LiveObject>();
  const changes: string[] = [];
  store.onChange((change: Change<LiveObject>) => changes.push(`${change.type} ${change.object.metadata.uid}`));
  return { store, changes };
}

describe('ObjectStore', () => {
  test('ignores a state older than the one it has', () => {
    const { store, changes } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.put(pod('a', 'u1', '9'));
    store.put(pod('a', 'u1', '10'));
    expect(store.get('n', 'a')?.metadata.resourceVersion).toBe('10');
    expect(changes).toEqual(['added u1']);
  });

  test('takes a recreated object for another one, even with the same name', () => {
    const { store, changes } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.put(pod('a', 'u2', '12'));
    expect(changes).toEqual(['added u1', 'deleted u1', 'added u2']);
  });

  test('does not bring a deleted object back by a late answer', () => {
    const { store } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.remove(pod('a', 'u1', '11'));
    store.put(pod('a', 'u1', '10'));
    expect(store.get('n', 'a')).toBeUndefined();
  });

  test('the deletion of a predecessor leaves the successor alone', () => {
    const { store } = watchedStore();
    store.put(pod('a', 'u2', '12'));
    store.remove(pod('a', 'u1', '11'));
    expect(store.get('n', 'a')?.metadata.uid).toBe('u2');
  });

  test('a new list removes what it does not name, in its namespace only', () => {
    const { store, changes } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.put(pod('b', 'u2', '10'));
    store.put(pod('c', 'u3', '10', { namespace: 'other' }));
    store.replace([pod('b', 'u2', '11')], '12', 'n');
    expect(changes.slice(3)).toEqual(['deleted u1', 'updated u2']);
    expect(store.size).toBe(2);
  });

  test('a list that is older than the answer to our own write neither removes nor replaces what was written', () => {
    const { store, changes } = watchedStore();
    store.put(pod('created', 'u1', '20'));
    store.put(pod('recreated', 'u2', '21'));
    store.replace([pod('recreated', 'u0', '10')], '15');
    expect(changes).toEqual(['added u1', 'added u2']);
    store.put(pod('created', 'u1', '22'));
    expect(store.get('n', 'created')?.metadata.resourceVersion).toBe('22');
  });

  test('an object that lost the label we watch for comes back with it, but not by an answer from before', () => {
    const { store, changes } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.remove(pod('a', 'u1', '11'));
    store.put(pod('a', 'u1', '11'));
    expect(store.size).toBe(0);
    store.put(pod('a', 'u1', '12'));
    expect(changes).toEqual(['added u1', 'deleted u1', 'added u1']);
  });

  test('the loss of a label that we have put back already is old news', () => {
    const { store } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.put(pod('a', 'u1', '12'));
    store.remove(pod('a', 'u1', '11'));
    expect(store.get('n', 'a')?.metadata.resourceVersion).toBe('12');
  });

  test('a kind that is not served has no objects, of whatever version, in the namespaces that are watched', () => {
    const { store, changes } = watchedStore();
    store.put(pod('a', 'u1', '10'));
    store.put(pod('b', 'u2', '10', { namespace: 'other' }));
    store.clear('n');
    expect(changes.slice(2)).toEqual(['deleted u1']);
    store.clear();
    expect(store.size).toBe(0);
  });

  test('finds objects by controlling owner and by instance label, and forgets labels that changed', () => {
    const { store } = watchedStore();
    const owned = {
      labels: { 'app.kubernetes.io/instance': 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: 'x', uid: 'owner', controller: true }],
    };
    store.put(pod('a', 'u1', '10', owned));
    expect(store.ownedBy('owner')).toHaveLength(1);
    expect(store.ofInstance('n', 'x')).toHaveLength(1);
    store.put(pod('a', 'u1', '11'));
    expect(store.ownedBy('owner')).toHaveLength(0);
    expect(store.ofInstance('n', 'x')).toHaveLength(0);
  });
});
