import { hostname } from 'node:os';
import type { ServeConfig } from '../config.ts';
import type { AuditLog } from '../domain/audit.ts';
import type { ConfiguredClients } from '../domain/client-authentication.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { auditTypes } from '../http/audited.ts';
import type { ApiPorts } from '../http/route.ts';
import { routes } from '../http/routes/all.ts';
import type { Metrics } from '../observability/metrics.ts';
import { OpenTelemetrySpans } from '../observability/spans.ts';
import type { LoginShedding } from '../resilience/overload.ts';
import { SingleTurn } from '../resilience/single-turn.ts';
import type { HashingPool } from '../security/hashing/hashing-pool.ts';
import type { KeyDirectory } from '../security/key-directory.ts';
import { SealedOneTimeCodes } from '../security/one-time-codes.ts';
import { OpaqueRefreshTokens } from '../security/refresh-token.ts';
import type { VerifiedTokens } from '../security/verified-tokens.ts';
import { PostgresIdempotencyKeys } from '../storage/postgres/idempotency-key-store.ts';
import { sparingPrimary } from '../storage/postgres/sparing-primary.ts';
import { readStatistics } from '../storage/postgres/statistics.ts';
import type { RedisConnection } from '../storage/redis/client.ts';
import { cacheAdministration } from './cache-administration.ts';
import type { Caches } from './caches.ts';
import type { CircuitBreakers } from './circuit-breakers.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { Databases } from './databases.ts';
import { createPasswordPolicy } from './hashing.ts';
import { createLimits } from './limits.ts';
import type { createStores } from './stores.ts';

/** What is open by then. */
export interface PortDependencies {
  readonly keys: KeyDirectory;
  readonly accessTokens: VerifiedTokens;
  readonly passwords: HashingPool;
  readonly breakers: CircuitBreakers;
  readonly databases: Databases;
  readonly redis: RedisConnection | undefined;
  readonly caches: Caches;
  readonly stores: ReturnType<typeof createStores>;
  readonly configuredClients: ConfiguredClients;
  readonly overload: LoginShedding;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** All that routes may use. */
export function createPorts(config: ServeConfig, dependencies: PortDependencies): ApiPorts {
  const { keys, accessTokens, passwords, breakers, databases, redis } = dependencies;
  const { caches, stores, configuredClients, overload, audit, clock, metrics } = dependencies;
  const derivationKey = () => keys.derivationKey();
  return {
    ...stores,
    ...clientAuthentication(config, { configuredClients, redis, derivationKey }),
    ...{ passwords, accessTokens, overload, audit, clock, metrics },
    limits: createLimits(config, redis, metrics),
    passwordPolicy: createPasswordPolicy(config),
    refreshTokens: new OpaqueRefreshTokens(derivationKey),
    spans: new OpenTelemetrySpans(derivationKey),
    lifetimes: {
      accessSeconds: config.tokens.accessLifetimeSeconds,
      refreshSeconds: config.tokens.refreshLifetimeSeconds,
    },
    auditTypes: auditTypes(routes),
    statistics: (days) => sparingPrimary(databases.scans, (database) => readStatistics(database, days)),
    idempotencyKeys: new PostgresIdempotencyKeys(databases.primary, derivationKey),
    importTurn: new SingleTurn(),
    oneTimeCodes: new SealedOneTimeCodes(derivationKey),
    stepUpMaxAgeSeconds: config.stepUpMaxAgeSeconds,
    serviceName: config.serviceName,
    podName: hostname(),
    isRegistrationOpen: config.registration === 'open',
    caches: cacheAdministration(config, { databases, caches, metrics }),
    circuitBreakers: new Map(Object.entries(breakers)),
    jwks: () => keys.signing().jwks,
    issuer: config.tokens.issuer,
    browserOrigins: config.browserOrigins,
  };
}
