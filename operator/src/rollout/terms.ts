import type { Baseline, Traffic } from './traffic.ts';

export type Color = 'blue' | 'green';

/** One of the two Deployments, as seen. */
export interface ColorState {
  /** The revision of its pod template; undefined for one that nobody has marked. */
  revision: string | undefined;
  /** Pods that it should have. */
  size: number;
  ready: number;
  /** Whether all its pods are of its template. */
  rolledOut: boolean;
}

/** Of the pods that have the traffic: those that run somewhere and are not leaving. */
export interface PodHealth {
  /** End again and again since they have the traffic. */
  crashing: number;
  unready: number;
  /** Have begun, and have not been ready for so long that they are not on their way. */
  longUnready: number;
}

/** What the Service remembers of a rollout: written together with the selector, so that the two never disagree. */
export interface RolloutRecord {
  /** Since when the new colour has had the traffic, in milliseconds since the epoch; absent once it has proved itself. */
  switchedAtMs?: number;
  /** What the new colour is compared with; absent where the former one did not tell. */
  baseline?: Baseline;
  /** A revision that is not to be tried again, and why. */
  rejected?: { revision: string; message: string };
}

/** Limited while the auth API's own limit of logins lets none of the operator's through. */
export type Check = { kind: 'passed' } | { kind: 'limited' } | { kind: 'failed'; message: string };

export interface RolloutObserved {
  /** The revision that the spec asks for. */
  wanted: string;
  /** The colour that the Service selects; undefined while there is none. */
  serving: Color | undefined;
  /** The revision that this colour was made, as the Service remembers it; undefined where it does not. */
  remembered: string | undefined;
  colors: Readonly<Partial<Record<Color, ColorState>>>;
  record: RolloutRecord;
  /** Whether the wanted revision may run: its migrations are done. */
  mayStart: boolean;
  /** Of the new colour's pods before they get traffic; undefined when they were not asked. */
  check: Check | undefined;
  /** Before the traffic moves; undefined where the pods that have it do not tell, or were not asked. */
  baseline: Baseline | 'measuring' | undefined;
  /** Of the new colour's ready pods since they began; undefined when they were not asked, or none told. */
  traffic: Traffic | undefined;
  /** Of the colour that the Service selects. */
  health: PodHealth;
}

/** Revisions that a person has said something about. */
export interface Orders {
  promote: string | undefined;
  abort: string | undefined;
}

export type RolloutPhase =
  | 'Stable'
  | 'WaitingForMigrations'
  | 'Starting'
  | 'Checking'
  | 'Baking'
  | 'RolledBack'
  | 'Aborted';

export interface RolloutPlan {
  /** Gets the traffic. */
  active: Color;
  /** Are to run the wanted revision. */
  apply: readonly Color[];
  /** Are to stay as they are. What is named in neither is to go. */
  keep: readonly Color[];
  /** Has lost the traffic and is still there: whoever has a connection to it is to open the next one elsewhere. */
  former?: Color;
  record: RolloutRecord;
  phase: RolloutPhase;
  /** What happens, for a person. */
  message: string;
}

export function opposite(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue';
}
