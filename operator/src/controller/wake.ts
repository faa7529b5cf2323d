import type { ObjectCache } from '../kubernetes/cache.ts';
import { COMPONENT_LABEL, INSTANCE_LABEL } from '../kubernetes/labels.ts';
import { type LiveObject, type Node, objectKey, type Pod } from '../kubernetes/objects.ts';
import type { Change } from '../kubernetes/store.ts';
import { isWorthALook } from './fingerprint.ts';
import type { WorkQueue } from './work-queue.ts';

/** Changes come in bursts (a rollout touches many objects at once, and then the status): one look serves a burst. */
const GATHER_MS = 25;

/** Queues an AuthCluster whenever it or anything labelled as part of it changes. */
export function wakeOnChanges(cache: ObjectCache, queue: WorkQueue, customKind: string): void {
  for (const kind of cache.kinds()) {
    cache.store<LiveObject>(kind).onChange((change) => {
      if (kind === 'Node') {
        for (const key of keysOnNode(cache, change as Change<Node>)) queue.addAfter(key, GATHER_MS);
        return;
      }
      if (change.type === 'updated' && !isWorthALook(change.previous, change.object)) return;
      for (const key of keysOf(change, customKind)) {
        if (kind === customKind && isAsked(change)) queue.add(key, 'first');
        else if (kind === customKind && change.type !== 'updated') queue.add(key);
        else queue.addAfter(key, GATHER_MS);
      }
    });
  }
}

/** Whether somebody wants something else of an AuthCluster: its spec, or what annotations ask for, and not its status. */
function isAsked(change: Change<LiveObject>): boolean {
  if (change.type !== 'updated') return false;
  const asked = ({ metadata }: LiveObject) => JSON.stringify([metadata.generation, metadata.annotations]);
  return asked(change.object) !== asked(change.previous);
}

/** Of a node only this matters: it takes no new pods any more, or again. Who has a database pod there is told. */
function keysOnNode(cache: ObjectCache, change: Change<Node>): Set<string> {
  if (change.type !== 'updated' || change.object.spec?.unschedulable === change.previous.spec?.unschedulable) {
    return new Set();
  }
  const pods = cache.store<Pod>('Pod').all();
  const there = pods.filter(({ spec }) => spec.nodeName === change.object.metadata.name);
  const databases = there.filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] === 'postgres');
  return new Set(
    databases.map(({ metadata }) => objectKey(metadata.namespace, metadata.labels?.[INSTANCE_LABEL] ?? '')),
  );
}

/** A label that changed concerns both its old and its new AuthCluster. */
function keysOf(change: Change<LiveObject>, customKind: string): Set<string> {
  const objects = change.type === 'updated' ? [change.object, change.previous] : [change.object];
  const keys = new Set<string>();
  for (const { kind, metadata } of objects) {
    const name = kind === customKind ? metadata.name : metadata.labels?.[INSTANCE_LABEL];
    if (name !== undefined) keys.add(objectKey(metadata.namespace, name));
  }
  return keys;
}
