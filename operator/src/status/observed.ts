import type { CredentialStage } from '../credentials/rotation.ts';
import type { Deployment, Job, LiveObject, StatefulSet } from '../kubernetes/objects.ts';
import type { MoveReport } from '../postgres/mover.ts';
import type { Moves } from '../postgres/moves.ts';
import type { PatroniView } from '../postgres/patroni.ts';
import type { PathsSeen } from '../postgres/pooler-paths.ts';
import type { VolumesPlan } from '../postgres/volumes.ts';
import type { ServiceTold } from '../rollout/plan.ts';
import type { RolloutObserved } from '../rollout/terms.ts';
import type { KeyStage } from '../signing-keys/rotation.ts';
import type { Component } from '../specs/names.ts';
import type { Refusal } from './refusals.ts';

/** The Redis Cluster as its members describe it. */
export interface RedisSummary {
  /** Members that answer and know all others. */
  readyNodes: number;
  /** Primaries that own slots. */
  shards: number;
  /** Slots that a live primary serves in the view of every member that answers, of 16384. */
  slotsCovered: number;
  /** Shards that must stay: those of the spec, and those that are to go but not empty yet. */
  shardsInUse: number;
  /** What is being done about it, for a person: "meeting 3 nodes". Absent when nothing is to be done. */
  activity?: string;
}

/** The keys that sign access tokens. */
export interface SigningKeysView {
  /** The kid of the key that signs. */
  active: string;
  /** RFC 3339. */
  activeSince: string;
  stage: KeyStage;
  /** What is done or waited for, for a person. */
  message: string;
}

/** Where the rotation of generated credentials is. */
export interface CredentialsView {
  /** Of the one that is furthest behind. */
  stage: CredentialStage;
  /** What is done or waited for, for a person. */
  message: string;
}

/** What was seen of a server of somebody else. */
export interface ExternalFinding {
  /** Why it cannot be used; absent where it can. */
  problem?: { reason: string; message: string };
  /** What works less well than declared. */
  shortcomings: readonly { reason: string; message: string }[];
}

export type Tier = 'database' | 'pooler' | 'cache' | 'migrations' | 'api' | 'gateway';

/** A step of the present pass that failed. */
export interface Failure {
  /** The tier whose step it was; absent for what concerns all of them. */
  tier?: Tier;
  /** What to do about it where that is known, in CamelCase: `SecretIncomplete`. Default `StepFailed`. */
  reason?: string;
  message: string;
}

/** What somebody has to look at: why, in one CamelCase word, and what to do about it. */
export interface Trouble {
  reason: string;
  message: string;
}

/** Why a pod does not run, from its container statuses and scheduling condition. */
export interface StuckPod {
  pod: string;
  /** Kubernetes' own word: ImagePullBackOff, Error, OOMKilled, Unschedulable, CreateContainerConfigError. */
  reason: string;
  message: string;
}

/** What a pass saw, from the watches' stores and from the servers themselves. All of it as of now, nothing remembered. */
export interface Observed {
  /** By name; those of this AuthCluster only. */
  statefulSets: ReadonlyMap<string, StatefulSet>;
  deployments: ReadonlyMap<string, Deployment>;
  jobs: ReadonlyMap<string, Job>;
  /** Pods of each component that have not finished, those that are leaving included. */
  podCounts: Readonly<Partial<Record<Component, number>>>;
  /** The auth API's rollout: what its Service tells, and its pods. */
  api: ServiceTold & Pick<RolloutObserved, 'check' | 'baseline' | 'traffic' | 'health'>;
  /** When all this was seen, in milliseconds since the epoch. */
  atMs: number;
  /** By name, of HorizontalPodAutoscalers: what they want at present. */
  desiredReplicas: ReadonlyMap<string, number>;
  /** Autoscalers that have not been able to measure for minutes. */
  blindAutoscalers: Readonly<Partial<Record<Tier, Trouble>>>;
  /** Why the auth API does not believe the gateway; absent where it does. */
  unbelievedGateway?: Trouble | undefined;
  /**
   * What is to lead clients to the gateway, and that nobody has served for minutes; `mayBeServed` where it may be that it is
   * only not told. Absent where it is served.
   */
  unexposedGateway?: (Trouble & { mayBeServed: boolean }) | undefined;
  patroni: PatroniView;
  /** Of an external database: absent where it is ours, and until it was looked at. */
  externalDatabase?: ExternalFinding;
  externalCache?: ExternalFinding;
  /** Database pods of an older template than the newest. */
  olderDatabasePods: number;
  /** What is to be done with the database's volumes. */
  volumes: VolumesPlan;
  /** What is to be done with database pods next. */
  moves: Moves;
  /** Why the last attempt to move the primary came to nothing; absent where none did. */
  moveProblem?: string;
  /** A primary that was moved, or was to be, in this pass. */
  moved?: MoveReport;
  /** Whether roles, database and privileges in PostgreSQL are as they should be. */
  accountsReady: boolean;
  /** Which of spec.postgres.parameters did not come to be as asked for, for a person. */
  refusedParameters: readonly string[];
  /** Where logins through the poolers lead; absent where nobody may be spoken to. */
  poolerPaths?: PathsSeen;
  /** Absent while no member can be asked. */
  redis?: RedisSummary;
  /** Absent while they could not be read. */
  signingKeys?: SigningKeysView;
  /** Absent where nobody may be spoken to. */
  credentials?: CredentialsView;
  /** Why the API server does not let workloads have their pods, where only events tell it. */
  refusals: Readonly<Partial<Record<Tier, Refusal>>>;
  stuckPods: Readonly<Partial<Record<Tier, readonly StuckPod[]>>>;
  failures: readonly Failure[];
  /** Whether the pass has changed workloads since it saw them. */
  workloadsChanged?: boolean;
}

/** The objects of a first pass: nothing exists yet. */
export const NOTHING_OBSERVED: Observed = {
  statefulSets: new Map(),
  deployments: new Map(),
  jobs: new Map(),
  podCounts: {},
  api: {
    serving: undefined,
    served: undefined,
    record: {},
    check: undefined,
    baseline: undefined,
    traffic: undefined,
    health: { crashing: 0, unready: 0, longUnready: 0 },
  },
  atMs: 0,
  desiredReplicas: new Map(),
  blindAutoscalers: {},
  patroni: { leader: undefined, transitions: 0, syncStandbys: [], initialized: false, members: [] },
  olderDatabasePods: 0,
  volumes: {
    grow: [],
    remove: [],
    growing: [],
    growthProblem: undefined,
    renewTemplate: false,
    smallest: undefined,
    members: 0,
  },
  moves: { next: { kind: 'none' } },
  accountsReady: false,
  refusedParameters: [],
  refusals: {},
  stuckPods: {},
  failures: [],
};

/** The objects of one kind, by name. */
export function byName<T extends LiveObject>(objects: Iterable<T>): Map<string, T> {
  return new Map([...objects].map((object) => [object.metadata.name, object]));
}
