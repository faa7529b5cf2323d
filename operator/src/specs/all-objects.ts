import type { AuthCluster } from '../api/authcluster.ts';
import { authApi } from './auth-api/auth-api.ts';
import { cacheWarming } from './auth-api/warming.ts';
import { gateway } from './gateway/gateway.ts';
import type { BuilderInputs } from './inputs.ts';
import type { Manifest } from './manifest.ts';
import { migrationsJob } from './migrations/migrations.ts';
import { monitoring } from './monitoring/monitoring.ts';
import { networkPolicies } from './network/policies.ts';
import { pooler } from './pooler/pooler.ts';
import { postgres } from './postgres/postgres.ts';
import { redis } from './redis/redis.ts';

/** Every object of an AuthCluster that is built anew at each pass, whatever has to wait for what. */
export function allObjects(cluster: AuthCluster, inputs: BuilderInputs): Manifest[] {
  return [
    ...networkPolicies(cluster, inputs),
    ...postgres(cluster, inputs),
    ...redis(cluster, inputs),
    ...pooler(cluster, inputs),
    migrationsJob(cluster, inputs),
    ...authApi(cluster, inputs, { active: 'blue', apply: ['blue'], record: {}, kept: undefined, serving: undefined }),
    ...cacheWarming(cluster, inputs),
    ...gateway(cluster, inputs),
    ...monitoring(cluster, inputs),
  ];
}
