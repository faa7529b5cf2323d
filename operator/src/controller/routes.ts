import type { AuthCluster } from '../api/authcluster.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { Condition, LiveObject } from '../kubernetes/objects.ts';
import { RouteRefused } from './errors.ts';
import type { Pass } from './pass.ts';

interface HttpRoute extends LiveObject {
  status?: { parents?: { parentRef: { name: string; namespace?: string }; conditions?: Condition[] }[] };
}

/** What a Gateway says of a route as it is now. */
interface Verdict {
  /** `edge/public`. */
  gateway: string;
  isTaken: boolean;
  refusal: Condition | undefined;
}

/** Whether clients come by what the spec declares: an HTTPRoute leads nobody before a Gateway has taken it. */
export function isReached(cache: ObjectCache, cluster: AuthCluster): boolean {
  return !isBehindRoute(cluster) || verdicts(cache, cluster).some(({ isTaken }) => isTaken);
}

/** A Gateway may refuse the HTTPRoute, which only the status of the route tells. */
export async function lookForRefusedRoutes(cache: ObjectCache, cluster: AuthCluster, pass: Pass): Promise<void> {
  if (!isBehindRoute(cluster)) return;
  for (const { gateway, refusal } of verdicts(cache, cluster)) {
    await pass.settle('HTTPRoute', 'gateway', async () => {
      if (refusal !== undefined) throw new RouteRefused(gateway, refusal);
    });
  }
}

/** Whether no Gateway has taken or refused the HTTPRoute, in whatever version of it. */
export function isUnanswered(cache: ObjectCache, cluster: AuthCluster): boolean {
  if (!isBehindRoute(cluster)) return false;
  const routes = routesOf(cache, cluster);
  const conditions = routes.flatMap(({ status }) =>
    (status?.parents ?? []).flatMap((parent) => parent.conditions ?? []),
  );
  return routes.length > 0 && !conditions.some(({ type, status }) => SERVES.has(type) && status !== 'Unknown');
}

function isBehindRoute({ spec: { gateway } }: AuthCluster): boolean {
  return gateway.enabled && gateway.expose.type === 'HTTPRoute';
}

function routesOf(cache: ObjectCache, { metadata }: AuthCluster): HttpRoute[] {
  return cache.store<HttpRoute>('HTTPRoute').ofInstance(metadata.namespace, metadata.name);
}

function verdicts(cache: ObjectCache, cluster: AuthCluster): Verdict[] {
  return routesOf(cache, cluster).flatMap(({ metadata: { namespace, generation }, status }) =>
    (status?.parents ?? []).map(({ parentRef, conditions = [] }) => {
      const current = conditions.filter(({ observedGeneration = generation }) => observedGeneration === generation);
      return {
        gateway: `${parentRef.namespace ?? namespace}/${parentRef.name}`,
        isTaken: current.some(({ type, status }) => type === 'Accepted' && status === 'True'),
        refusal: current.find(({ type, status }) => SERVES.has(type) && status === 'False'),
      };
    }),
  );
}

const SERVES: ReadonlySet<string> = new Set(['Accepted', 'ResolvedRefs']);
