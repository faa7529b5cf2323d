import type { AuthCluster } from '../../api/authcluster.ts';
import type { ExternalPostgres } from '../../api/generated/authcluster.ts';
import { DATABASE, names, PORTS, ROLES } from '../names.ts';
import { type EnvironmentEntry, variable, variableFromSecret } from '../pods.ts';
import { primaryServer, replicaServers, serverDatabase, TLS_MODES } from '../postgres/servers.ts';
import { redisVariables } from '../redis/client.ts';
import { serviceHost } from '../services.ts';
import { DIRECTORIES } from './directories.ts';
import { mailVariables } from './mail.ts';
import { tracingVariables } from './tracing.ts';

/** From the end of the signal until what is left is cut off. */
export const SHUTDOWN_GRACE_SECONDS = 20;

/** The environment of `serve`: the contract with the auth API. */
export function serveEnvironment(cluster: AuthCluster): EnvironmentEntry[] {
  const { hashing, pools, serviceName, browsers, env = [] } = cluster.spec.api;
  const own = [
    variable('HTTP_PORT', PORTS.authApi),
    variable('OPS_PORT', PORTS.authApiOps),
    ...dataTierVariables(cluster, pools),
    variable('KEYS_DIR', DIRECTORIES.keys),
    ...tokenVariables(cluster),
    variable('HASH_ALGORITHM', hashing.algorithm),
    variable('HASH_COST', hashing.cost),
    variable('HASH_WORKERS', hashing.workers),
    // Left out, it follows the threads that the CPU limit lets run.
    ...(hashing.queueLength === undefined ? [] : [variable('HASH_QUEUE_LENGTH', hashing.queueLength)]),
    {
      name: 'CPU_LIMIT_MILLICORES',
      valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } },
    },
    ...cacheVariables(cluster),
    ...circuitBreakerVariables(cluster),
    variable('MAX_SESSIONS_PER_USER', cluster.spec.api.maxSessionsPerUser),
    variable('AUDIT_RETENTION_DAYS', cluster.spec.api.auditRetentionDays),
    ...accessVariables(cluster),
    ...mailVariables(cluster),
    ...(serviceName === undefined ? [] : [variable('SERVICE_NAME', serviceName)]),
    ...(browsers === undefined ? [] : [variable('BROWSER_ORIGINS', browsers.origins.join(','))]),
    ...tracingVariables(cluster),
    variable('TRUSTED_PROXIES', trustedProxies(cluster).join(',')),
    variable('SHUTDOWN_GRACE_SECONDS', SHUTDOWN_GRACE_SECONDS),
  ];
  return withAdded(own, env);
}

/**
 * A container names each variable once, or the API server refuses it. One that was set with `api.env` before there was a
 * field for it stays in the object, and stands until somebody takes it out.
 */
function withAdded(own: EnvironmentEntry[], added: readonly EnvironmentEntry[]): EnvironmentEntry[] {
  const names = new Set(added.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(name)), ...added];
}

/** Of `warm`. Fewer than the batch it loads at a time: what is read for later must not crowd out requests. */
const WARMING_POOLS = { write: 4, read: 4 };

/** The environment of `warm`, which reads and caches as `serve` does, and serves nobody. */
export function warmEnvironment(cluster: AuthCluster): EnvironmentEntry[] {
  const { cache, env = [] } = cluster.spec.api;
  const own = [
    ...dataTierVariables(cluster, WARMING_POOLS),
    ...tokenVariables(cluster),
    ...cacheVariables(cluster),
    variable('CACHE_WARMING_ACTIVE_WITHIN_SECONDS', cache.warming.activeWithinSeconds),
    ...circuitBreakerVariables(cluster),
  ];
  return withAdded(own, env);
}

/** The environment of `migrate`, which goes to the primary itself: migrations need session state. */
export function migrateEnvironment(cluster: AuthCluster): EnvironmentEntry[] {
  const { external } = cluster.spec.postgres;
  const { hosts, port } = primaryServer(cluster);
  return [
    variable('MIGRATIONS_HOST', hosts.join(',')),
    variable('MIGRATIONS_PORT', port),
    variable('POSTGRES_DATABASE', serverDatabase(cluster)),
    variable('POSTGRES_CREDENTIALS_DIR', DIRECTORIES.postgres),
    ...(external === undefined ? [variable('APP_ROLE', ROLES.app)] : externalMigrateVariables(external)),
  ];
}

function externalMigrateVariables({ credentials: { application }, tls }: ExternalPostgres): EnvironmentEntry[] {
  return [
    variable('POSTGRES_TLS_MODE', TLS_MODES[tls.mode]),
    variableFromSecret('APP_ROLE', application.secretName, application.usernameKey),
  ];
}

function dataTierVariables(cluster: AuthCluster, pools: AuthCluster['spec']['api']['pools']): EnvironmentEntry[] {
  const name = names(cluster);
  return [
    variable('POSTGRES_WRITE_HOST', serviceHost(cluster, name.poolerReadWrite)),
    variable('POSTGRES_WRITE_PORT', PORTS.postgres),
    ...readVariables(cluster, pools.read),
    variable('POSTGRES_DATABASE', DATABASE),
    variable('POSTGRES_CREDENTIALS_DIR', DIRECTORIES.postgres),
    variable('POSTGRES_WRITE_POOL_SIZE', pools.write),
    variable('POSTGRES_TLS_MODE', 'disable'),
    ...redisVariables(cluster),
    variable('REDIS_CREDENTIALS_DIR', DIRECTORIES.redis),
  ];
}

/** Without replicas there is no read-only pooler: reads then share the write pool. */
function readVariables(cluster: AuthCluster, poolSize: number): EnvironmentEntry[] {
  if (replicaServers(cluster) === undefined) return [];
  return [
    variable('POSTGRES_READ_HOST', serviceHost(cluster, names(cluster).poolerReadOnly)),
    variable('POSTGRES_READ_PORT', PORTS.postgres),
    variable('POSTGRES_READ_POOL_SIZE', poolSize),
  ];
}

function tokenVariables(cluster: AuthCluster): EnvironmentEntry[] {
  const { issuer, audience, accessLifetimeSeconds, refreshLifetimeSeconds, sessionMaxLifetimeSeconds } =
    cluster.spec.api.tokens;
  const issuerUrl = issuer ?? defaultIssuer(cluster);
  return [
    variable('TOKEN_ISSUER', issuerUrl),
    variable('TOKEN_AUDIENCE', audience ?? issuerUrl),
    variable('ACCESS_TOKEN_LIFETIME_SECONDS', accessLifetimeSeconds),
    variable('REFRESH_TOKEN_LIFETIME_SECONDS', refreshLifetimeSeconds),
    ...(sessionMaxLifetimeSeconds === undefined
      ? []
      : [variable('SESSION_MAX_LIFETIME_SECONDS', sessionMaxLifetimeSeconds)]),
  ];
}

/** Who may come in, and how often they may try. */
function accessVariables(cluster: AuthCluster): EnvironmentEntry[] {
  const { registration, rateLimits, stepUpMaxAgeSeconds, bootstrapAdmin, oauthClients } = cluster.spec.api;
  return [
    variable('REGISTRATION', registration.toLowerCase()),
    variable('LOGIN_RATE_PER_ACCOUNT', rate(rateLimits.loginPerAccount)),
    variable('LOGIN_RATE_PER_NETWORK', rate(rateLimits.loginPerNetwork)),
    variable('REGISTRATION_RATE_PER_NETWORK', rate(rateLimits.registrationPerNetwork)),
    variable('SECOND_FACTOR_RATE_PER_ACCOUNT', rate(rateLimits.secondFactorPerAccount)),
    variable('RECOVERY_RATE_PER_ACCOUNT', rate(rateLimits.recoveryPerAccount)),
    variable('RECOVERY_RATE_PER_NETWORK', rate(rateLimits.recoveryPerNetwork)),
    variable('CLIENT_FAILURE_RATE', rate(rateLimits.clientFailures)),
    variable('STEP_UP_MAX_AGE_SECONDS', stepUpMaxAgeSeconds),
    ...(bootstrapAdmin === undefined ? [] : [variable('ADMIN_CREDENTIALS_DIR', DIRECTORIES.administrator)]),
    ...(oauthClients === undefined ? [] : [variable('OAUTH_CLIENTS_DIR', DIRECTORIES.oauthClients)]),
  ];
}

function rate({ limit, periodSeconds }: { limit: number; periodSeconds: number }): string {
  return `${limit}/${periodSeconds}`;
}

function cacheVariables(cluster: AuthCluster): EnvironmentEntry[] {
  const { local, shared } = cluster.spec.api.cache;
  return [
    variable('CACHE_LOCAL_USER_BASIC_TTL_SECONDS', local.userBasic.ttlSeconds),
    variable('CACHE_LOCAL_USER_BASIC_MAX_ENTRIES', local.userBasic.maxEntries),
    variable('CACHE_LOCAL_SESSION_TTL_SECONDS', local.session.ttlSeconds),
    variable('CACHE_LOCAL_SESSION_MAX_ENTRIES', local.session.maxEntries),
    variable('CACHE_SHARED_USER_PERMISSIONS_TTL_SECONDS', shared.userPermissions.ttlSeconds),
    variable('CACHE_SHARED_USER_PROFILE_TTL_SECONDS', shared.userProfile.ttlSeconds),
    variable('CACHE_SHARED_SESSION_DATA_TTL_SECONDS', shared.sessionData.ttlSeconds),
    variable('CACHE_SHARED_ROLE_DEFINITIONS_TTL_SECONDS', shared.roleDefinitions.ttlSeconds),
  ];
}

function circuitBreakerVariables(cluster: AuthCluster): EnvironmentEntry[] {
  const { circuitBreaker } = cluster.spec.api;
  return [
    variable('CIRCUIT_BREAKER_FAILURE_RATE_THRESHOLD', circuitBreaker.failureRateThreshold),
    variable('CIRCUIT_BREAKER_WINDOW_SECONDS', circuitBreaker.windowSeconds),
    variable('CIRCUIT_BREAKER_MINIMUM_CALLS', circuitBreaker.minimumCalls),
    variable('CIRCUIT_BREAKER_HALF_OPEN_REQUESTS', circuitBreaker.halfOpenRequests),
    variable('CIRCUIT_BREAKER_RECOVERY_SECONDS', circuitBreaker.recoverySeconds),
  ];
}

/** The API's Service and not the gateway's, which may be switched off: tokens would become invalid with it. */
function defaultIssuer(cluster: AuthCluster): string {
  return `http://${serviceHost(cluster, names(cluster).api)}:${PORTS.authApi}`;
}

/** Whose X-Forwarded-For the API believes: the gateway's, wherever in the Kubernetes cluster its pods are. */
function trustedProxies({ spec: { api, gateway } }: AuthCluster): readonly string[] {
  return gateway.enabled ? api.clusterNetworks : (gateway.trustedProxies ?? []);
}
