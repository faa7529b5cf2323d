import type { KeySet, SigningKey } from '../specs/secrets/signing-keys.ts';
import type { PodKeys } from './pod-keys.ts';

export type KeyStage = 'Settled' | 'Publishing' | 'Distributing' | 'Activating' | 'Retiring';

export interface RotationSeen {
  keySet: KeySet;
  nowMs: number;
  /** The value of the annotation that asks for a rotation. */
  asked: string | undefined;
  /** How old the active key may become; undefined: as old as it likes. */
  rotationDays: number | undefined;
  accessLifetimeSeconds: number;
  /** Of every pod that serves; undefined while one of them does not tell, or nobody asked. */
  pods: readonly PodKeys[] | undefined;
}

export interface RotationPlan {
  /** What the key set is to become; absent: it stays. */
  next?: KeySet;
  /** What is done or waited for, for a person. */
  message: string;
}

/**
 * How long those who verify may go on with a key set they fetched before: the five minutes that the auth API's answer
 * may be cached for, in a CDN, in the gateway, and by the verifier itself, one after the other.
 */
export const DISTRIBUTION_SECONDS = 900;
/** A pod that was not ready when all the others signed with the new key may do so this much later; clocks differ, too. */
const SLACK_SECONDS = 180;
const DAY_MS = 86_400_000;

/**
 * The next step of a rotation, from the key set and what pods have read of it: publish a key, wait until every pod
 * publishes it and every verifier knows, sign with it, wait until the last token of the former key has expired, drop
 * that. What is waited for is noted in the key set itself, so that whoever decides next goes on from there.
 */
export function decideRotation(seen: RotationSeen, newKey: () => SigningKey): RotationPlan {
  const { keys } = seen.keySet;
  const active = activeKey(seen.keySet);
  const pending = keys.find(({ status }) => status === 'pending');
  if (pending?.published_at !== undefined) return distributing(seen, active, pending, pending.published_at);
  if (pending !== undefined) return publishing(seen, pending);
  const retired = keys.filter(({ status }) => status === 'retired');
  if (retired.some(({ retired_at }) => retired_at === undefined)) return activating(seen, active);
  if (retired.length > 0) return retiring(seen, retired);
  const reason = whyDue(seen, active);
  if (reason === undefined) return { message: `key ${active.kid} signs` };
  const key = newKey();
  const rotation = seen.asked ?? seen.keySet.rotation;
  const next = { ...seen.keySet, keys: [...keys, key], ...(rotation === undefined ? {} : { rotation }) };
  return { next, message: `${reason}: key ${key.kid} is being published` };
}

/** Where a rotation is, by what the key set notes. */
export function stageOf({ keys }: KeySet): KeyStage {
  const pending = keys.find(({ status }) => status === 'pending');
  if (pending !== undefined) return pending.published_at === undefined ? 'Publishing' : 'Distributing';
  const retired = keys.filter(({ status }) => status === 'retired');
  if (retired.length === 0) return 'Settled';
  return retired.some(({ retired_at }) => retired_at === undefined) ? 'Activating' : 'Retiring';
}

/** Since when a key signs. */
export function activeSince({ activated_at, created_at }: SigningKey): string {
  return activated_at ?? created_at;
}

export function activeKey({ keys }: KeySet): SigningKey {
  const [active, ...others] = keys.filter(({ status }) => status === 'active');
  if (active === undefined || others.length > 0) throw new RangeError('a key set has exactly one active key');
  return active;
}

function publishing(seen: RotationSeen, pending: SigningKey): RotationPlan {
  const message = `key ${pending.kid} is being published: ${having(seen.pods, (pod) => pod.has(pending.kid))}`;
  if (!every(seen.pods, (pod) => pod.has(pending.kid))) return { message };
  const next = changed(seen.keySet, pending, { published_at: timeOf(seen.nowMs) });
  return { next, message: `every pod publishes key ${pending.kid}` };
}

function distributing(seen: RotationSeen, active: SigningKey, pending: SigningKey, publishedAt: string): RotationPlan {
  const endsMs = Date.parse(publishedAt) + DISTRIBUTION_SECONDS * 1000;
  if (seen.nowMs < endsMs) {
    const message = `key ${pending.kid} is published; it signs from ${timeOf(endsMs)}, when every verifier knows it`;
    return { message };
  }
  const { published_at: _, ...published } = pending;
  const activated: SigningKey = { ...published, status: 'active', activated_at: timeOf(seen.nowMs) };
  const keys = seen.keySet.keys.map((key): SigningKey => {
    if (key.kid === pending.kid) return activated;
    return key.kid === active.kid ? { ...key, status: 'retired' } : key;
  });
  return { next: { ...seen.keySet, keys }, message: `key ${pending.kid} signs from now on` };
}

function activating(seen: RotationSeen, active: SigningKey): RotationPlan {
  const signsWithIt = (pod: PodKeys) => pod.get(active.kid) === 'active';
  if (!every(seen.pods, signsWithIt)) {
    const message = `key ${active.kid} signs: ${having(seen.pods, signsWithIt)}`;
    return { message };
  }
  const retiredAt = timeOf(seen.nowMs);
  const keys = seen.keySet.keys.map((key) =>
    key.status === 'retired' && key.retired_at === undefined ? { ...key, retired_at: retiredAt } : key,
  );
  return { next: { ...seen.keySet, keys }, message: `every pod signs with key ${active.kid}` };
}

function retiring(seen: RotationSeen, retired: readonly SigningKey[]): RotationPlan {
  const lifetimeMs = (seen.accessLifetimeSeconds + SLACK_SECONDS) * 1000;
  const endOf = ({ retired_at = '' }: SigningKey) => Date.parse(retired_at) + lifetimeMs;
  const expired = new Set(retired.filter((key) => endOf(key) <= seen.nowMs));
  if (expired.size === 0) {
    const until = timeOf(Math.min(...retired.map(endOf)));
    return { message: `key ${retired[0]?.kid} stays until ${until}, when its last token has expired` };
  }
  const keys = seen.keySet.keys.filter((key) => !expired.has(key));
  return { next: { ...seen.keySet, keys }, message: `key ${activeKey(seen.keySet).kid} signs` };
}

function whyDue({ keySet, asked, rotationDays, nowMs }: RotationSeen, active: SigningKey): string | undefined {
  if (asked !== undefined && asked !== keySet.rotation) return 'asked for';
  const oldestMs = rotationDays === undefined ? Number.POSITIVE_INFINITY : rotationDays * DAY_MS;
  return nowMs - Date.parse(activeSince(active)) >= oldestMs ? `after ${rotationDays} days` : undefined;
}

/** No pod at all proves nothing. */
function every(pods: RotationSeen['pods'], holds: (pod: PodKeys) => boolean): boolean {
  return pods !== undefined && pods.length > 0 && pods.every(holds);
}

function having(pods: RotationSeen['pods'], holds: (pod: PodKeys) => boolean): string {
  if (pods === undefined) return 'not every pod tells what it has read';
  return `${pods.filter(holds).length} of ${pods.length} pods have read it`;
}

function changed(keySet: KeySet, key: SigningKey, change: Partial<SigningKey>): KeySet {
  return { ...keySet, keys: keySet.keys.map((each) => (each.kid === key.kid ? { ...each, ...change } : each)) };
}

/** RFC 3339, in whole seconds. */
function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
