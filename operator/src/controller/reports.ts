import type { Logger } from 'pino';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { FieldConflict } from '../kubernetes/errors.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import type { Check } from '../observability/server.ts';
import type { WorkQueue } from './work-queue.ts';

/** Every call within a pass has a time-out of its own: one that takes longer than this hangs. */
export const STUCK_AFTER_SECONDS = 600;

/** Tells, in the log and as an event, whose changes to our fields were undone. */
export function overruledReporter(events: EventRecorder, log: Logger) {
  return (object: LiveObject, conflicts: readonly FieldConflict[]): void => {
    const managers = [...new Set(conflicts.map(({ manager }) => manager))].join(', ');
    const fields = conflicts.map(({ field }) => field).join(', ');
    const { kind, metadata } = object;
    log.warn({ kind, namespace: metadata.namespace, name: metadata.name, managers, fields }, 'took fields back');
    events.record(object, {
      type: 'Warning',
      reason: 'FieldsTakenBack',
      action: 'Apply',
      note: `${managers} had set ${fields}, which the AuthCluster decides: set back`,
    });
  };
}

/** For /healthz: a worker that hangs does not come back by itself. */
export function stuckWorkers(queue: WorkQueue): Check {
  return [
    'workers',
    () => {
      const { longestSeconds } = queue.unfinished();
      return longestSeconds > STUCK_AFTER_SECONDS ? `one has been busy for ${Math.round(longestSeconds)} s` : undefined;
    },
  ];
}

/** For /readyz, which does not fail for it: the other namespaces are served. */
export function closedNamespaces(cache: Pick<ObjectCache, 'closedNamespaces'>): Check {
  return [
    'namespaces',
    () => {
      const closed = cache.closedNamespaces();
      return closed.length === 0 ? undefined : `${closed.join(', ')}: gone, or without a Role for this operator`;
    },
  ];
}
