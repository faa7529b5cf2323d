import type { AuthCluster } from '../api/authcluster.ts';
import { CREDENTIAL_STAGES } from '../credentials/rotation.ts';
import type { RedisState } from '../redis/tier.ts';
import { names } from '../specs/names.ts';
import { existingShards } from '../specs/redis/shards.ts';
import { ROTATING } from '../status/conditions.ts';
import { PARAMETERS_REFUSED } from '../status/database-tier.ts';
import type { CredentialsView, Observed, RedisSummary, SigningKeysView } from '../status/observed.ts';
import type { Talked } from './conversation.ts';
import type { Surroundings } from './observe.ts';
import { lastFindings } from './outside.ts';
import type { Pass } from './pass.ts';

/** Everything seen and heard, as the builders and the status take it. */
export function asObserved(
  around: Surroundings,
  cluster: AuthCluster,
  talked: Talked | undefined,
  pass: Pass,
): Observed {
  const redis = talked?.redis;
  const signingKeys = talked?.signingKeys ?? lastKeys(cluster);
  const credentials = talked?.credentials ?? lastRotation(cluster);
  return {
    ...around.objects,
    accountsReady: talked?.accountsReady ?? false,
    refusedParameters: talked?.refusedParameters ?? [],
    ...(talked === undefined ? {} : { poolerPaths: talked.poolerPaths }),
    ...(redis === undefined ? {} : { redis: summarise(redis) }),
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(talked?.moved === undefined ? {} : { moved: talked.moved }),
    ...(talked?.moveProblem === undefined ? {} : { moveProblem: talked.moveProblem }),
    ...(credentials === undefined ? {} : { credentials }),
    refusals: {},
    failures: pass.failures,
  };
}

/**
 * The same while nobody may be spoken to: of servers, what the status last told. That the poolers are there shows
 * that accounts were ready once.
 */
export function asLastHeard(around: Surroundings, cluster: AuthCluster, pass: Pass): Observed {
  const { readyNodes, shards, slotsCovered } = cluster.status?.redis ?? {};
  const shardsInUse = existingShards(cluster, around.objects.statefulSets);
  const signingKeys = lastKeys(cluster);
  const credentials = lastRotation(cluster);
  const known = readyNodes !== undefined && shards !== undefined && slotsCovered !== undefined;
  return {
    ...around.objects,
    accountsReady: around.objects.deployments.has(names(cluster).poolerReadWrite),
    refusedParameters: lastRefusedParameters(cluster),
    ...lastFindings(cluster),
    ...(known ? { redis: { readyNodes, shards, slotsCovered, shardsInUse } } : {}),
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(credentials === undefined ? {} : { credentials }),
    refusals: {},
    failures: pass.failures,
  };
}

function lastRefusedParameters({ status }: AuthCluster): string[] {
  const refused = status?.conditions?.find(({ type, reason }) => type === 'Degraded' && reason === PARAMETERS_REFUSED);
  return refused === undefined ? [] : [refused.message ?? ''];
}

/** It rests while nobody works on it. */
function lastRotation({ status }: AuthCluster): CredentialsView | undefined {
  const { reason, message = '' } = status?.conditions?.find(({ type }) => type === ROTATING) ?? {};
  const stage = CREDENTIAL_STAGES.find((each) => each === reason);
  return stage && { stage, message };
}

/** They do not change while nobody works on them. */
function lastKeys({ status }: AuthCluster): SigningKeysView | undefined {
  const { active, activeSince, stage, message = '' } = status?.signingKeys ?? {};
  const known = active !== undefined && activeSince !== undefined && stage !== undefined;
  return known ? { active, activeSince, stage, message } : undefined;
}

function summarise({ readyNodes, primaries, slotsCovered, shardsInUse, activity }: RedisState): RedisSummary {
  return { readyNodes, shards: primaries, slotsCovered, shardsInUse, ...(activity === undefined ? {} : { activity }) };
}
