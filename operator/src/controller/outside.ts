import type { AuthCluster } from '../api/authcluster.ts';
import type { ExternalCache, ExternalDatabase, ExternalState, ExternalTier } from '../external/tier.ts';
import type { ExternalInputs } from '../specs/inputs.ts';
import { SWITCHOVER_REFUSED } from '../status/database-tier.ts';
import type { ExternalFinding, Observed } from '../status/observed.ts';
import type { Pass } from './pass.ts';

/** What was seen of servers of somebody else; nothing where there are none, or where looking failed. */
export interface Outside {
  database?: ExternalDatabase;
  cache?: ExternalCache;
}

export async function lookOutside(
  external: Pick<ExternalTier, keyof ExternalTier>,
  key: string,
  cluster: AuthCluster,
  pass: Pass,
): Promise<Outside> {
  const [database, cache] = await Promise.all([
    pass.attempt('external database', 'database', () => external.database(key, cluster)),
    pass.attempt('external Redis', 'cache', () => external.cache(key, cluster)),
  ]);
  return { ...(database === undefined ? {} : { database }), ...(cache === undefined ? {} : { cache }) };
}

/** What builders log in with. */
export function externalInputs({ database, cache }: Outside): ExternalInputs {
  return {
    ...(database?.material === undefined ? {} : { postgres: database.material }),
    ...(cache?.material === undefined ? {} : { redis: cache.material }),
  };
}

type ExternalFindings = Pick<Observed, 'externalDatabase' | 'externalCache'>;

/** What the status tells: nothing of what is secret. */
export function externalFindings({ database, cache }: Outside): ExternalFindings {
  return {
    ...(database === undefined ? {} : { externalDatabase: finding(database) }),
    ...(cache === undefined ? {} : { externalCache: finding(cache) }),
  };
}

function finding({ problem, shortcomings }: ExternalState<unknown>): ExternalFinding {
  return { shortcomings, ...(problem === undefined ? {} : { problem }) };
}

/** While nobody may be spoken to: what the conditions last told. */
export function lastFindings({ spec, status }: AuthCluster): ExternalFindings {
  const last = (type: string): ExternalFinding | undefined => {
    const condition = status?.conditions?.find((each) => each.type === type);
    if (condition === undefined) return undefined;
    const { reason, message } = condition;
    if (condition.status !== 'True') return { problem: { reason, message }, shortcomings: [] };
    // An order that cannot be followed is none of the server's shortcomings, and is seen anew.
    return { shortcomings: reason === 'Ready' || reason === SWITCHOVER_REFUSED ? [] : [{ reason, message }] };
  };
  const [database, cache] = [last('DatabaseReady'), last('CacheReady')];
  return {
    ...(spec.postgres.mode === 'External' && database ? { externalDatabase: database } : {}),
    ...(spec.redis.mode === 'External' && cache ? { externalCache: cache } : {}),
  };
}

export function somethingIsWrong({ externalDatabase, externalCache }: ExternalFindings): boolean {
  return [externalDatabase, externalCache].some((each) => each?.problem !== undefined || each?.shortcomings.length);
}
