import type { AuthClusterSpec, StatusCondition } from '../api/generated/authcluster.ts';
import type { CredentialsView, Failure, Tier } from './observed.ts';
import type { TierState, TierStates } from './tier-state.ts';

/** A condition before it is known since when it holds. */
export type Finding = Pick<StatusCondition, 'type' | 'status' | 'reason' | 'message'>;

/** In the order in which tiers need each other: the first that is not as it should be is what the rest waits for. */
const TIER_CONDITIONS: readonly [Tier, ConditionType][] = [
  ['database', 'DatabaseReady'],
  ['pooler', 'PoolerReady'],
  ['cache', 'CacheReady'],
  ['migrations', 'MigrationsApplied'],
  ['api', 'ApiReady'],
  ['gateway', 'GatewayReady'],
];

/** When each condition is True. */
export const CONDITIONS = {
  Ready: 'every tier is as declared: as many pods, of that version, with that configuration',
  Progressing: 'something is on its way there, and nothing stands in its way',
  Degraded: 'something needs attention: a step that failed, a pod that cannot start, a migration that failed',
  DatabaseReady:
    'the primary serves, and roles and privileges are in place; external: logins and rights were seen to work',
  PoolerReady: 'a pod of each pooler is ready, and a login through one reaches a primary that takes writes',
  CacheReady: 'all 16384 slots are served; external: the login was seen to work',
  MigrationsApplied: 'the migrations of the wanted image are done',
  ApiReady: 'a pod of the auth API is ready',
  GatewayReady: 'a pod of the gateway is ready; absent where there is none',
  CredentialsRotating:
    'generated credentials are being replaced; the reason is the stage, see [Rotate credentials](../how-to/rotate-credentials.md)',
} as const;

type ConditionType = keyof typeof CONDITIONS;

/**
 * Ready: all is as declared. Progressing: it is not yet, and nothing stands in the way. Degraded: something does.
 * One condition per tier that there is, True while it does its work, be it with less than was declared.
 */
export function findings(
  tiers: TierStates,
  failures: readonly Failure[],
  { paused, hibernated, gateway }: Pick<AuthClusterSpec, 'paused' | 'hibernated' | 'gateway'>,
  credentials: CredentialsView | undefined,
): Finding[] {
  const present = TIER_CONDITIONS.filter(([tier]) => tier !== 'gateway' || gateway.enabled);
  const states = present.map(([tier]) => tiers[tier]);
  const general = failures.find(({ tier }) => tier === undefined);
  const blocking = general
    ? { reason: general.reason ?? 'StepFailed', message: general.message }
    : states.find((state) => !state.complete && state.trouble !== undefined)?.trouble;
  // What is all that was declared, and in trouble all the same, holds nothing up.
  const trouble = blocking ?? states.find((state) => state.trouble !== undefined)?.trouble;
  const pending = states.find((state) => !state.complete);
  return [
    hibernated && pending === undefined ? ASLEEP : ready(pending, general && blocking),
    paused ? PAUSED : progressing(pending, blocking !== undefined),
    trouble === undefined
      ? finding('Degraded', 'False', 'AsDeclared', 'nothing needs attention')
      : finding('Degraded', 'True', trouble.reason, trouble.message),
    ...present.map(([tier, type]) => {
      const { serving, reason, message } = tiers[tier];
      return finding(type, serving ? 'True' : 'False', reason, message);
    }),
    ...(credentials === undefined ? [] : [rotating(credentials)]),
  ];
}

/** Of ROTATING: it says nothing about whether all is well, which it is all along. */
function rotating({ stage, message }: CredentialsView): Finding {
  return finding(ROTATING, stage === 'Settled' ? 'False' : 'True', stage, message);
}

/** The condition that tells of a rotation of generated credentials. */
export const ROTATING = 'CredentialsRotating' satisfies ConditionType;

/** A message longer than the CRD allows would make the whole status be refused. */
const LONGEST_MESSAGE = 4096;

const ASLEEP = finding(
  'Ready',
  'False',
  'Hibernated',
  'no pod runs and the data are kept; set spec.hibernated to false to wake it',
);

const PAUSED = finding(
  'Progressing',
  'False',
  'Paused',
  'nothing is changed but this status; set spec.paused to false to go on',
);

function ready(pending: TierState | undefined, general: { reason: string; message: string } | undefined): Finding {
  const why = general ?? pending;
  if (why === undefined) return finding('Ready', 'True', 'Ready', 'every tier is as declared');
  return finding('Ready', 'False', why.reason, why.message);
}

function progressing(pending: TierState | undefined, isBlocked: boolean): Finding {
  if (pending === undefined) return finding('Progressing', 'False', 'Settled', 'every tier is as declared');
  if (isBlocked) return finding('Progressing', 'False', 'Blocked', pending.message);
  return finding('Progressing', 'True', pending.reason, pending.message);
}

/** With the times of the conditions before, where their status is the same. */
export function withTransitionTimes(
  found: readonly Finding[],
  previous: readonly StatusCondition[],
  now: Date,
  observedGeneration: number | undefined,
): StatusCondition[] {
  return found.map((each) => {
    const before = previous.find(({ type }) => type === each.type);
    // Kubernetes' times have no fractions of seconds.
    const time = `${now.toISOString().slice(0, 19)}Z`;
    const lastTransitionTime = before?.status === each.status ? before.lastTransitionTime : time;
    return { ...each, lastTransitionTime, ...(observedGeneration === undefined ? {} : { observedGeneration }) };
  });
}

/** `reason` is one of REASONS, or Kubernetes' own. */
function finding(type: ConditionType, status: Finding['status'], reason: string, message: string): Finding {
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
  return { type, status, reason, message: short };
}
