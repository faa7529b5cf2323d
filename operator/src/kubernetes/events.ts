import { createHash } from 'node:crypto';
import { isStatus } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { LiveObject } from './objects.ts';
import { resourceOf, resourcePath } from './resources.ts';
import type { Transport } from './transport.ts';

export interface EventNote {
  type: 'Normal' | 'Warning';
  /** CamelCase, stable: people filter by it. */
  reason: string;
  /** What was being done, CamelCase. */
  action: string;
  /** A sentence for a person; at most 1024 bytes are kept. */
  note: string;
}

export interface EventRecorder {
  /** Best effort: an event that cannot be written never fails a reconcile. */
  record(regarding: LiveObject, event: EventNote): void;
}

export interface EventRecorderOptions {
  /** Pod name, so that one can tell who spoke. */
  instance: string;
  /** The same event about the same object within this time adds to its series. Default 1 h. */
  windowSeconds?: number;
  now: () => number;
  onProblem?: (error: unknown) => void;
}

interface Series {
  name: string;
  count: number;
  firstMs: number;
  /** The first occurrence, once it is written, or could not be. */
  created: Promise<void>;
}

const CONTROLLER = 'authcluster.dev/operator';
const REMEMBERED_EVENTS = 4096;
/** The API server refuses notes above 1 KiB. */
const LONGEST_NOTE_BYTES = 1024;

/** Events by events.k8s.io/v1: the first occurrence creates one, repetitions raise the count of its series. */
export function createEventRecorder(transport: Transport, options: EventRecorderOptions): EventRecorder {
  const windowMs = (options.windowSeconds ?? 3600) * 1000;
  const recent = new Map<string, Series>();

  async function repeat(namespace: string, series: Series): Promise<void> {
    await transport.send({
      method: 'PATCH',
      path: resourcePath(resourceOf('Event'), namespace, series.name),
      contentType: 'application/merge-patch+json',
      body: { series: { count: series.count, lastObservedTime: microTime(options.now()) } },
    });
  }

  async function send(regarding: LiveObject, event: EventNote): Promise<void> {
    const key = keyOf(regarding, event);
    const known = recent.get(key);
    const nowMs = options.now();
    if (known !== undefined && nowMs - known.firstMs < windowMs) {
      known.count += 1;
      // A failed pass is repeated within milliseconds: its event would come before the one that it repeats.
      await known.created;
      try {
        return await repeat(regarding.metadata.namespace, known);
      } catch (error) {
        // The API server drops events after an hour: begin again, unless another repetition has.
        if (!isStatus(error, 404)) throw error;
        if (recent.get(key) !== known) return send(regarding, event);
      }
    }
    const name = eventName(regarding, key, nowMs);
    const creation = transport.send({
      method: 'POST',
      path: resourcePath(resourceOf('Event'), regarding.metadata.namespace),
      body: eventBody(regarding, event, name, options.instance, nowMs),
    });
    const created = creation.then(ignore, ignore);
    // Remembered before the answer is there, so that a burst makes one event and not many.
    remember(recent, key, { name, count: 1, firstMs: nowMs, created });
    await creation;
  }

  return {
    record: (regarding, event) => {
      send(regarding, event).catch((error: unknown) => options.onProblem?.(error));
    },
  };
}

function eventBody(regarding: LiveObject, event: EventNote, name: string, instance: string, nowMs: number): object {
  const { namespace, uid, resourceVersion } = regarding.metadata;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: microTime(nowMs),
    reportingController: CONTROLLER,
    reportingInstance: instance,
    type: event.type,
    reason: event.reason,
    action: event.action,
    note: shortened(event.note),
    regarding: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      namespace,
      name: regarding.metadata.name,
      uid,
      resourceVersion,
    },
  };
}

function ignore(): void {}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= LONGEST_NOTE_BYTES) return note;
  // Room for the ellipsis, and for the character that a cut may leave in halves.
  return `${bytes.subarray(0, LONGEST_NOTE_BYTES - 8).toString('utf8')}…`;
}

function remember(recent: Map<string, Series>, key: string, series: Series): void {
  recent.delete(key);
  recent.set(key, series);
  if (recent.size <= REMEMBERED_EVENTS) return;
  const oldest = recent.keys().next().value;
  if (oldest !== undefined) recent.delete(oldest);
}

function keyOf(regarding: LiveObject, event: EventNote): string {
  return [regarding.metadata.uid, event.type, event.reason, event.action, event.note].join('\n');
}

function eventName(regarding: LiveObject, key: string, nowMs: number): string {
  const digest = createHash('sha256').update(`${key}\n${nowMs}`).digest('hex').slice(0, 16);
  return `${regarding.metadata.name}.${digest}`;
}
