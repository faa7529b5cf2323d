import type { Tier } from './observed.ts';
import type { Reason } from './reasons.ts';

/** One tier, as a pass saw it. */
export interface TierState {
  /** Whether it does its work, for the tiers that need it. */
  serving: boolean;
  /** Whether it is all that was declared: as many, of that version, with that configuration. */
  complete: boolean;
  /** Why, in one CamelCase word. */
  reason: string;
  /** Why, and what to do about it where a person has to. */
  message: string;
  /** What does not pass by itself, or does so only with help. */
  trouble?: { reason: string; message: string };
}

export type TierStates = Readonly<Record<Tier, TierState>>;

export function waiting(reason: Reason, message: string): TierState {
  return { serving: false, complete: false, reason, message };
}

export function serving(reason: Reason, message: string): TierState {
  return { serving: true, complete: false, reason, message };
}

export function complete(message: string): TierState {
  return { serving: true, complete: true, reason: 'Ready', message };
}

export function pods(count: number): string {
  return count === 1 ? '1 pod' : `${count} pods`;
}
