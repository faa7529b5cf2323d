import { z } from 'zod';
import { type CacheType, type CacheVersions, cacheTypes } from './cache-types.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';

export type InvalidationKind = 'user_update' | 'permission_change' | 'session_logout';

/** One entry of a type, or all of it by its new version. */
export type InvalidationTarget =
  | { readonly type: CacheType; readonly id: string }
  | { readonly type: CacheType; readonly version: number };

/** What a transaction writes to the outbox beside its change. */
export interface InvalidationEvent {
  readonly kind: InvalidationKind;
  readonly targets: readonly InvalidationTarget[];
}

/** An event as the outbox gives it back. */
export interface CommittedEvent extends InvalidationEvent {
  /** A position at or after the commit: what a replica must have replayed before it may refill a cache. */
  readonly lsn: Lsn;
  /** Milliseconds since 1970; for the metric of the delay alone. */
  readonly committedAtMs: number;
}

const userTypes: readonly CacheType[] = ['user_basic', 'user_permissions', 'user_profile'];

/**
 * The user's name, profile, status or credentials changed, or the user came or went; and sessions ended by it, in one
 * event, since a transaction has one place in the outbox.
 */
export function userUpdate(userId: string, endedSessionIds: readonly string[] = []): InvalidationEvent {
  const ofUser = userTypes.map((type) => ({ type, id: userId }));
  return { kind: 'user_update', targets: [...ofUser, ...sessionLogout(endedSessionIds).targets] };
}

/** What is granted to one user changed. */
export function userPermissionChange(userId: string): InvalidationEvent {
  return { kind: 'permission_change', targets: [{ type: 'user_permissions', id: userId }] };
}

/** What changes with roles: of which users and lists is not known, so the versions of whole types have been raised. */
export function roleChange(raised: Partial<CacheVersions>): InvalidationEvent {
  const targets = Object.entries(raised).map(([type, version]) => ({ type: type as CacheType, version }));
  return { kind: 'permission_change', targets };
}

const kindOfType: Readonly<Record<CacheType, InvalidationKind>> = {
  user_basic: 'user_update',
  user_profile: 'user_update',
  user_permissions: 'permission_change',
  role_definitions: 'permission_change',
  session: 'session_logout',
  session_data: 'session_logout',
};

/** Everything of a type is to be loaded anew, without a change that says so. */
export function typeCleared(type: CacheType, version: number): InvalidationEvent {
  return { kind: kindOfType[type], targets: [{ type, version }] };
}

/** Sessions ended: by logout, revocation, password change or expiry of their family. */
export function sessionLogout(sessionIds: readonly string[]): InvalidationEvent {
  const types = ['session', 'session_data'] as const;
  return { kind: 'session_logout', targets: sessionIds.flatMap((id) => types.map((type) => ({ type, id }))) };
}

/** The position of a batch in the one order of the outbox; a listener that knows less than `from` has missed some. */
export interface BatchPosition {
  readonly from: number;
  readonly to: number;
}

export interface EventBatch {
  readonly events: readonly CommittedEvent[];
  /** Without one: sent by the pod that committed, ahead of the outbox, which will send it again. */
  readonly position?: BatchPosition;
  /** Under which the entries were taken out of the shared tier; a pod that goes by older ones would not see that. */
  readonly versions: CacheVersions;
  /** Where the primary's log was when they were read. */
  readonly lsn: Lsn;
}

/** Everything up to `sequence` has been delivered to the shared tier and sent to all pods. */
export interface Vouched {
  readonly sequence: number;
  /** Where the primary was. */
  readonly lsn: Lsn;
}

export interface Heartbeat extends Vouched {
  /** What has committed before is in `sequence`. */
  readonly settledLsn: Lsn;
  /** Whether `sequence` was the end of the outbox just now; otherwise the primary could not be asked. */
  readonly isRead: boolean;
  /** Whose clock `sentAtMs` is of. */
  readonly sender: string;
  /** Milliseconds of a clock that never jumps, from an origin of the sender's own. */
  readonly sentAtMs: number;
}

export type InvalidationMessage =
  | ({ readonly kind: 'events' } & EventBatch)
  | ({ readonly kind: 'heartbeat' } & Heartbeat);

const lsn = z.codec(z.string(), z.bigint(), { decode: parseLsn, encode: formatLsn });
/** A later release, which may be rolled out beside this one, may have more types: this pod holds nothing of those. */
const target = z.union([
  z.object({ type: z.string(), id: z.string() }),
  z.object({ type: z.string(), version: z.number().int() }),
]);
const isOurs = (each: { readonly type: string }): each is InvalidationTarget =>
  cacheTypes.some((known) => known === each.type);
const event = z.object({
  kind: z.enum(['user_update', 'permission_change', 'session_logout']),
  targets: z.array(target).transform((targets) => targets.filter(isOurs)),
  lsn,
  committedAtMs: z.number(),
});
const versions = z.object(
  Object.fromEntries(cacheTypes.map((known) => [known, z.number().int()])) as Record<CacheType, z.ZodNumber>,
);
const position = z.object({ from: z.number().int(), to: z.number().int() });
const message = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('events'),
    events: z.array(event),
    position: position.exactOptional(),
    versions,
    lsn,
  }),
  z.object({
    kind: z.literal('heartbeat'),
    sequence: z.number().int(),
    lsn,
    settledLsn: lsn,
    isRead: z.boolean(),
    sender: z.string(),
    sentAtMs: z.number(),
  }),
]);

export function encodeMessage(sent: InvalidationMessage): string {
  return JSON.stringify(sent, (_, value: unknown) => (typeof value === 'bigint' ? formatLsn(value) : value));
}

/** Undefined for what is no message, or one that only a later release knows: the listener treats it as a gap. */
export function decodeMessage(text: string): InvalidationMessage | undefined {
  try {
    return message.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
