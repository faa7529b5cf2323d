import type { Condition } from '../kubernetes/objects.ts';
import type { Reason } from './reasons.ts';

/** Why a workload does not get its pods, and what a person can do. */
export interface Refusal {
  reason: Extract<Reason, 'QuotaExceeded' | 'PodsRefused'>;
  message: string;
}

const NEXT: Readonly<Record<Refusal['reason'], string>> = {
  QuotaExceeded: 'raise the ResourceQuota of the namespace, or ask for less: fewer pods, smaller resources',
  PodsRefused:
    'let the namespace have them: its LimitRange, Pod Security level or an admission webhook stands in the way',
};

/** Leaves room in a condition for what other tiers say. Words of a Pod Security refusal are some hundred characters. */
const LONGEST_WORDS = 1024;

/** `workload` names it with its kind; `words` are those of the API server. */
export function refusal(workload: string, words: string): Refusal {
  const reason = /\b(exceeded|failed) quota\b/.test(words) ? 'QuotaExceeded' : 'PodsRefused';
  return { reason, message: `${workload} does not get its pods: ${inShort(words)}. Next: ${NEXT[reason]}` };
}

/** Kubernetes' words, as long as they may be. */
export function inShort(words: string): string {
  return words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS - 1)}…` : words;
}

/** What a Deployment itself tells; other workloads have no such condition, and tell by events alone. */
export function replicaFailure(
  deployment: { status?: { conditions?: Condition[] } } | undefined,
): Condition | undefined {
  const conditions = deployment?.status?.conditions ?? [];
  return conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
}
