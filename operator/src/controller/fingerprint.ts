import type { LiveObject } from '../kubernetes/objects.ts';
import { stableHash } from './hash.ts';

/**
 * Annotations that other programs rewrite all the time and that change nothing for us: Patroni's heartbeat on its
 * leader ConfigMap, and each member's log position on its pod.
 */
const RESTLESS_ANNOTATIONS = new Set(['renewTime', 'optime', 'acquireTime', 'slots', 'retain_slots', 'status']);

/** Kinds that others write to all the time, and of which what is kept mostly stays the same. */
const RESTLESS_KINDS = new Set(['HorizontalPodAutoscaler']);

/** What of an object is a statement of intent: everything but status and bookkeeping. Equal means untouched. */
export function intentFingerprint(object: LiveObject, metadataOnly: boolean): string {
  const { metadata, ...rest } = object as LiveObject & { status?: unknown };
  // Of a metadata-only object the content cannot be seen, but every change of it changes the version.
  if (metadataOnly) return `${metadata.uid}/${metadata.resourceVersion}`;
  const { status: _, ...intent } = rest;
  const { uid, labels, ownerReferences, deletionTimestamp } = metadata;
  return stableHash({
    intent,
    uid,
    labels,
    ownerReferences,
    deletionTimestamp,
    annotations: settled(metadata.annotations),
  });
}

/** Whether an update is worth a look: anything but heartbeats and measurements changed, status included. */
export function isWorthALook(previous: LiveObject, object: LiveObject): boolean {
  return wakeFingerprint(previous) !== wakeFingerprint(object);
}

function wakeFingerprint(object: LiveObject): string {
  const { resourceVersion: _, annotations, ...metadata } = object.metadata;
  const isRestless =
    RESTLESS_KINDS.has(object.kind) || Object.keys(annotations ?? {}).some((key) => RESTLESS_ANNOTATIONS.has(key));
  // Otherwise any new version counts, and hashing is not needed.
  if (!isRestless) return `${object.metadata.uid}/${object.metadata.resourceVersion}`;
  return stableHash({ ...object, metadata: { ...metadata, annotations: settled(annotations) } });
}

function settled(annotations: Record<string, string> | undefined): Record<string, string> {
  const entries = Object.entries(annotations ?? {}).filter(([key]) => !RESTLESS_ANNOTATIONS.has(key));
  // Within a member's restless status this one thing is worth a look.
  const pending = annotations?.status?.includes('"pending_restart":') ? { pending: 'true' } : {};
  return { ...Object.fromEntries(entries), ...pending };
}
