import type { Tiers } from '../../src/operator.ts';
import { isPodReady } from '../../src/postgres/patroni.ts';
import { NO_TRAFFIC } from '../../src/rollout/traffic.ts';

/** Of servers of somebody else. */
const LOGIN = { username: 'guest', password: 'word' };

/** Data tiers that are well as soon as their pods run, and an auth API that passes every check. */
export const AGREEABLE_TIERS: Tiers = {
  api: {
    forget: () => undefined,
    check: async () => ({ kind: 'passed' }),
    measure: async () => true,
    baseline: async () => ({ candidate: NO_TRAFFIC, former: NO_TRAFFIC }),
    traffic: async () => NO_TRAFFIC,
    standBy: async () => [],
    signingKeys: async () => [],
  },
  postgres: {
    forget: () => undefined,
    unlabelStalePrimaries: async () => [],
    refusedParameters: () => [],
    ensureAccounts: async (_key, primary) => primary !== undefined && isPodReady(primary),
    reconnectPoolers: async () => undefined,
    noteReconnected: () => undefined,
  },
  mover: { forget: () => undefined, problem: () => undefined, carryOut: async () => undefined },
  poolerPaths: {
    forget: () => undefined,
    through: () => ({ readWrite: { kind: 'works' }, readOnly: { kind: 'works' } }),
    look: (_key, pods) => pods.map(() => ({ kind: 'works' })),
  },
  credentialServers: {
    consoleRefuses: async () => [],
    consoleTakes: async () => [],
    poolersServing: async () => [],
    redisUsersDiffer: async () => [],
    exportersDiffer: async () => [],
    reloadMembers: async () => [],
    apiLogins: async () => undefined,
  },
  external: {
    forget: () => undefined,
    database: async (_key, { spec }) =>
      spec.postgres.external && { material: { application: LOGIN }, shortcomings: [] },
    cache: async (_key, { spec }) => spec.redis.external && { material: { login: LOGIN }, shortcomings: [] },
  },
  redis: {
    forget: () => undefined,
    converge: async (_key, { shards, membersPerShard, existingShards }) =>
      existingShards < shards
        ? undefined
        : {
            readyNodes: shards * membersPerShard,
            slotsCovered: 16_384,
            primaries: shards,
            whole: true,
            shardsInUse: shards,
          },
  },
};
