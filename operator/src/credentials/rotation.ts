import type { SecretValues } from '../controller/generated-secrets.ts';

/**
 * Where the rotation of one Secret is, as its keys note it. Adding: servers are made to take `next-…` beside what is used.
 * Moving: that is what is used now; what was used before, `previous-…`, is still taken. Removing: `expired-…` is to be
 * taken nowhere any more.
 */
export type CredentialStage = (typeof CREDENTIAL_STAGES)[number];

/** From the beginning of a rotation to its end. */
export const CREDENTIAL_STAGES = ['Adding', 'Moving', 'Removing', 'Settled'] as const;

export const NEXT = 'next-';
export const PREVIOUS = 'previous-';
export const EXPIRED = 'expired-';
/** Since when what a Secret holds is used; absent where that is since it was made. RFC 3339. */
export const ROTATED_AT = 'rotated-at';
/** What the last rotation was asked for with. */
const ROTATION = 'rotation';

export interface CredentialSeen {
  values: SecretValues;
  /** Those that a rotation replaces together. */
  keys: readonly string[];
  /** Whether what was used before is taken for a while. Not where its only user is the operator, or nobody is just now. */
  overlaps: boolean;
  createdAtMs: number;
  nowMs: number;
  /** The value of the annotation that asks for a rotation. */
  asked: string | undefined;
  /** How old a credential may become; undefined: as old as it likes. */
  rotationDays: number | undefined;
  /** What the present stage still waits for, or, where none is under way, the beginning of one; undefined: nothing. */
  waitsFor: string | undefined;
}

export interface CredentialPlan {
  /** To be written to the Secret: null removes a key. Absent: nothing is. */
  change?: Readonly<Record<string, string | null>>;
  /** What is waited for, for a person. */
  waitsFor?: string;
}

const DAY_MS = 86_400_000;

/**
 * The next step of the rotation of one Secret. The Secret alone notes what was done, so that whoever decides next, a
 * restarted operator say, goes on from there. `fresh` makes values for `keys`.
 */
export function decideCredential(seen: CredentialSeen, fresh: () => Readonly<Record<string, string>>): CredentialPlan {
  const { values, keys, waitsFor } = seen;
  const stage = stageOf(values);
  if (stage === 'Settled' && !isDue(seen)) return {};
  if (waitsFor !== undefined) return { waitsFor };
  if (stage === 'Settled') return { change: beginning(seen, fresh()) };
  if (stage === 'Adding') return { change: promotion(seen) };
  if (stage === 'Moving')
    return { change: { ...renamed(values, keys, PREVIOUS, EXPIRED), ...cleared(keys, PREVIOUS) } };
  return { change: cleared(keys, EXPIRED) };
}

export function stageOf(values: SecretValues): CredentialStage {
  const holds = (prefix: string) => Object.keys(values).some((key) => key.startsWith(prefix));
  if (holds(NEXT)) return 'Adding';
  if (holds(PREVIOUS)) return 'Moving';
  return holds(EXPIRED) ? 'Removing' : 'Settled';
}

function isDue({ values, asked, rotationDays, createdAtMs, nowMs }: CredentialSeen): boolean {
  if (asked !== undefined && asked !== values[ROTATION]) return true;
  if (rotationDays === undefined) return false;
  const since = values[ROTATED_AT];
  return nowMs - (since === undefined ? createdAtMs : Date.parse(since)) >= rotationDays * DAY_MS;
}

function beginning({ values, keys, asked }: CredentialSeen, fresh: Readonly<Record<string, string>>) {
  const rotation = asked ?? values[ROTATION];
  return { ...renamed(fresh, keys, '', NEXT), ...(rotation === undefined ? {} : { [ROTATION]: rotation }) };
}

function promotion({ values, keys, overlaps, nowMs }: CredentialSeen) {
  return {
    ...(overlaps ? renamed(values, keys, '', PREVIOUS) : {}),
    ...renamed(values, keys, NEXT, ''),
    ...cleared(keys, NEXT),
    [ROTATED_AT]: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
  };
}

/** A value that is not there is no value afterwards either. */
function renamed(values: SecretValues, keys: readonly string[], from: string, to: string) {
  return Object.fromEntries(keys.map((key) => [`${to}${key}`, values[`${from}${key}`] ?? null]));
}

function cleared(keys: readonly string[], prefix: string): Record<string, null> {
  return Object.fromEntries(keys.map((key) => [`${prefix}${key}`, null]));
}
