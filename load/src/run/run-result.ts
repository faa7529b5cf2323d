import type { JudgedPart } from './judged-part.ts';
import type { RequestInterval } from './request-series.ts';
import type { Sample } from './samples.ts';

/** Everything about one run, as it is written to result.json. */
export interface RunResult {
  readonly version: 1;
  readonly scenario: {
    readonly name: string;
    readonly users: number;
    readonly durationSeconds: number;
    readonly scale: number;
    readonly timeScale: number;
    /** Absent in results of before there was such a thing. */
    readonly rampDownSeconds?: number;
  };
  /** RFC 3339. */
  readonly startedAt: string;
  readonly baseUrl: string;
  /** What ran: an AuthCluster or a list of metrics addresses, and a note by whoever started it. */
  readonly system: string;
  readonly endpoints: Readonly<Record<string, EndpointResult>>;
  readonly totals: Totals;
  readonly judged: JudgedPart;
  readonly verdicts: readonly Verdict[];
  /** Held against a service level objective, and no reason for a run to fail. */
  readonly objectives: readonly Verdict[];
  readonly intervals: readonly RequestInterval[];
  readonly samples: readonly Sample[];
}

export interface EndpointResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly failedShare: number;
  readonly timeoutShare: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Totals {
  readonly mostUsers: number;
  readonly loginSuccessShare?: number;
  /** Share of all log-ins that brought tokens: beside `loginSuccessShare` it has wrong passwords and limits in it. */
  readonly loggedInShare?: number;
  readonly refreshSuccessShare?: number;
  readonly expectedRefusals: number;
  readonly sessionP50Seconds?: number;
  /** As the other figures of the system: of the part that is judged. */
  readonly apiCpuCores?: number;
  /** What the planner's model expects for the rates that were measured. */
  readonly predictedApiCpuCores?: number;
  /** Share of the predicted CPU that is hashing. */
  readonly predictedHashingShare?: number;
  /** Share of all busy CPU of the machine that is hashing, by the calibrated time of a hash. */
  readonly hashingShareOfMachine?: number;
  readonly apiCpuShareOfLimit?: number;
  readonly machineUtilisation?: number;
  /** Of both tiers of the caches. */
  readonly cacheHitShare?: number;
  /** Share of the lookups of sessions that the memory of the pod that was asked answered. */
  readonly memoryHitShare?: number;
  readonly meanQueryMs?: number;
  readonly mostActiveConnections?: number;
  readonly apiMemoryMibPerPod?: number;
  /** Of the tiers beside the auth API that were seen, by component. */
  readonly tierCores?: Readonly<Record<string, TierCores>>;
}

export interface TierCores {
  readonly measured: number;
  /** By the planner's model, which leaves out what a tier does while idle. */
  readonly predicted: number;
}

export type Verdict =
  | { readonly kind: 'met' | 'missed'; readonly what: string; readonly limit: string; readonly value: string }
  | {
      readonly kind: 'notMeasured';
      readonly what: string;
      readonly limit: string;
      /** What it takes to measure it; absent where the run may do without. */
      readonly needs?: string;
    };
