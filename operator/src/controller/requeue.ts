import type { Observed } from '../status/observed.ts';
import type { Surroundings } from './observe.ts';
import { somethingIsWrong } from './outside.ts';
import { lackingPods } from './refused-pods.ts';

/** While a server is still coming together it is asked again this soon. */
const UNSETTLED_REQUEUE_MS = 1000;
/** While a rollout is checked and watched. */
export const ROLLOUT_REQUEUE_MS = 2000;
/** Nobody tells when a Secret of somebody else was mended. */
const OUTSIDE_REQUEUE_MS = 5000;
/** Nor that pods may not be made, which events tell. */
const REFUSED_REQUEUE_MS = 5000;
/** Nor when pods have read a login anew. */
const ROTATION_REQUEUE_MS = 3000;
/** Nor that the last kind of a namespace has been listed. */
export const UNSEEN_REQUEUE_MS = 1000;
/** Redis tells nobody when its topology changes. */
const SETTLED_REQUEUE_MS = 30_000;

/** When to look again at what no watch tells. `random` spreads what is settled over time. */
export function requeueAfterMs(
  around: Surroundings,
  observed: Observed,
  redisWhole: boolean,
  random: () => number,
): number {
  const someRedisRuns = around.pods.redis.some(({ status }) => status?.podIP !== undefined);
  const awaitsAccounts = !observed.accountsReady && observed.patroni.leader !== undefined;
  const paths = Object.values(observed.poolerPaths ?? {}).map(({ kind }) => kind);
  const awaitsPath = paths.includes('unknown') && around.pods.poolers.length > 0;
  const isMoving = observed.moves.next.kind !== 'none' || observed.volumes.renewTemplate;
  const isUnsettled = awaitsAccounts || awaitsPath || isMoving || (someRedisRuns && !redisWhole);
  if (isUnsettled) return UNSETTLED_REQUEUE_MS;
  if (observed.credentials !== undefined && observed.credentials.stage !== 'Settled') return ROTATION_REQUEUE_MS;
  if (lackingPods(observed).length > 0) return REFUSED_REQUEUE_MS;
  if (somethingIsWrong(observed) || paths.includes('broken')) return OUTSIDE_REQUEUE_MS;
  return SETTLED_REQUEUE_MS * (1 + random() / 5);
}

/** While nothing is changed and no server is spoken to, events alone come without a watch. */
export function pausedRequeueMs(objects: Surroundings['objects']): number {
  return lackingPods(objects).length > 0 ? REFUSED_REQUEUE_MS : SETTLED_REQUEUE_MS;
}
