import type { BlockList } from 'node:net';
import { type MailConfig, mailConfig } from './config-mail.ts';
import { type CacheConfig, type CircuitBreakerConfig, cacheConfig, circuitBreakerConfig } from './config-resilience.ts';
import {
  credentialsDirectory,
  highestPort,
  type PostgresConfig,
  postgresConfig,
  type RedisConfig,
  redisConfig,
} from './config-storage.ts';
import { Environment } from './environment.ts';
import type { RateRule } from './limits/gcra.ts';
import { defaultRateRules } from './limits/limits.ts';
import { type TlsMode, tlsModes } from './storage/tls.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const registrations = ['open', 'closed'] as const;
/** PostgreSQL cuts what is longer. */
const longestRoleBytes = 63;
/** As many as the AuthCluster resource takes. */
const maxBrowserOrigins = 32;

export interface ServeConfig {
  readonly httpPort: number;
  readonly opsPort: number;
  readonly logLevel: (typeof logLevels)[number];
  /** The shares of requests that get a line in the log; those that fail here always do. */
  readonly logSampleRates: { readonly requests: number; readonly verify: number };
  /** Whether requests are traced, which the SDK of OpenTelemetry is told by the same variable. */
  readonly isTraced: boolean;
  readonly postgres: PostgresConfig;
  readonly redis: RedisConfig;
  readonly keysDirectory: string;
  readonly tokens: {
    readonly issuer: string;
    readonly audience: string;
    readonly accessLifetimeSeconds: number;
    readonly refreshLifetimeSeconds: number;
    /** Since the login, however often it is refreshed; undefined: for as long as it is. */
    readonly sessionMaxLifetimeSeconds: number | undefined;
  };
  readonly hashing: {
    readonly algorithm: 'bcrypt' | 'argon2id';
    readonly cost: number;
    readonly workers: number;
    /** Undefined: twice as many as there are workers. */
    readonly queueLength: number | undefined;
    readonly cpuLimitMillicores: number | undefined;
  };
  /** Closed: administrators alone make accounts. */
  readonly registration: (typeof registrations)[number];
  readonly rates: Readonly<Record<keyof typeof defaultRateRules, RateRule>>;
  readonly cache: CacheConfig;
  readonly circuitBreaker: CircuitBreakerConfig;
  /** One more ends the oldest. */
  readonly maxSessionsPerUser: number;
  /** Files `username` and `password` of who is to be the first administrator; undefined: nobody is. */
  readonly adminCredentialsDirectory: string | undefined;
  /** A file for each service that may introspect and revoke tokens besides those registered; undefined: none. */
  readonly oauthClientsDirectory: string | undefined;
  /** Undefined: nobody is written to. */
  readonly mail: MailConfig | undefined;
  /** A password change and the like need a login or step-up that is not older. */
  readonly stepUpMaxAgeSeconds: number;
  /** What people know this service by: in mail, and in their authenticators. */
  readonly serviceName: string;
  /** Months of the audit log of which every day is older are dropped. */
  readonly auditRetentionDays: number;
  /** Pages of these may ask from a browser, and have their refresh token in a cookie; none: no page may. */
  readonly browserOrigins: ReadonlySet<string>;
  readonly trustedProxies: BlockList;
  readonly shutdownGraceSeconds: number;
}

export interface MigrateConfig {
  readonly logLevel: (typeof logLevels)[number];
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly credentialsDirectory: string;
  readonly tlsMode: TlsMode;
  /** Granted reading and writing of rows, and nothing else. */
  readonly appRole: string;
}

/** All problems of the environment, each with the variable it is about. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** What `serve` needs. @throws ConfigError */
export function parseConfig(variables: Variables): ServeConfig {
  const env = new Environment(variables);
  const config = {
    httpPort: env.integer('HTTP_PORT', { min: 0, max: highestPort, fallback: 8080 }),
    opsPort: env.integer('OPS_PORT', { min: 0, max: highestPort, fallback: 9090 }),
    logLevel: env.choice('LOG_LEVEL', logLevels, 'info'),
    logSampleRates: {
      requests: env.share('LOG_SAMPLE_RATE', 1),
      // The proxy that asks has a line for the same request.
      verify: env.share('VERIFY_LOG_SAMPLE_RATE', 0.01),
    },
    isTraced: env.optional('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined,
    postgres: postgresConfig(env),
    redis: redisConfig(env),
    keysDirectory: env.text('KEYS_DIR', '/etc/authcluster/keys'),
    tokens: tokens(env),
    hashing: hashing(env),
    registration: env.choice('REGISTRATION', registrations, 'open'),
    rates: {
      login_account: env.rate('LOGIN_RATE_PER_ACCOUNT', defaultRateRules.login_account),
      login_network: env.rate('LOGIN_RATE_PER_NETWORK', defaultRateRules.login_network),
      registration_network: env.rate('REGISTRATION_RATE_PER_NETWORK', defaultRateRules.registration_network),
      second_factor: env.rate('SECOND_FACTOR_RATE_PER_ACCOUNT', defaultRateRules.second_factor),
      recovery_account: env.rate('RECOVERY_RATE_PER_ACCOUNT', defaultRateRules.recovery_account),
      recovery_network: env.rate('RECOVERY_RATE_PER_NETWORK', defaultRateRules.recovery_network),
      client_failure: env.rate('CLIENT_FAILURE_RATE', defaultRateRules.client_failure),
    },
    cache: cacheConfig(env),
    circuitBreaker: circuitBreakerConfig(env),
    maxSessionsPerUser: env.integer('MAX_SESSIONS_PER_USER', { min: 1, max: 10_000, fallback: 100 }),
    adminCredentialsDirectory: env.optional('ADMIN_CREDENTIALS_DIR'),
    oauthClientsDirectory: env.optional('OAUTH_CLIENTS_DIR'),
    mail: mailConfig(env),
    stepUpMaxAgeSeconds: env.integer('STEP_UP_MAX_AGE_SECONDS', { min: 1, max: 86_400, fallback: 900 }),
    serviceName: serviceName(env),
    auditRetentionDays: env.integer('AUDIT_RETENTION_DAYS', { min: 30, max: 3_650, fallback: 365 }),
    browserOrigins: env.origins('BROWSER_ORIGINS', maxBrowserOrigins),
    trustedProxies: env.networks('TRUSTED_PROXIES'),
    shutdownGraceSeconds: env.integer('SHUTDOWN_GRACE_SECONDS', { min: 0, max: 600, fallback: 20 }),
  };
  return complete(env, config);
}

/** What `migrate` needs. @throws ConfigError */
export function parseMigrateConfig(variables: Variables): MigrateConfig {
  const env = new Environment(variables);
  const appRole = env.required('APP_ROLE');
  if (Buffer.byteLength(appRole) > longestRoleBytes) {
    env.problems.push(`APP_ROLE must be a role name of at most ${longestRoleBytes} bytes, not "${appRole}"`);
  }
  return complete(env, {
    logLevel: env.choice('LOG_LEVEL', logLevels, 'info'),
    host: env.required('MIGRATIONS_HOST'),
    port: env.integer('MIGRATIONS_PORT', { min: 1, max: highestPort, fallback: 5432 }),
    database: env.required('POSTGRES_DATABASE'),
    credentialsDirectory: credentialsDirectory(env),
    tlsMode: env.choice('POSTGRES_TLS_MODE', tlsModes, 'disable'),
    appRole,
  });
}

function complete<T>(env: Environment, config: T): T {
  if (env.problems.length > 0) throw new ConfigError(env.problems);
  return config;
}

function tokens(env: Environment): ServeConfig['tokens'] {
  const issuer = env.url('TOKEN_ISSUER');
  return {
    issuer,
    audience: env.text('TOKEN_AUDIENCE', issuer),
    accessLifetimeSeconds: env.integer('ACCESS_TOKEN_LIFETIME_SECONDS', { min: 10, max: 86_400, fallback: 300 }),
    refreshLifetimeSeconds: env.integer('REFRESH_TOKEN_LIFETIME_SECONDS', {
      min: 60,
      max: 31_536_000,
      fallback: 2_592_000,
    }),
    sessionMaxLifetimeSeconds: env.optionalInteger('SESSION_MAX_LIFETIME_SECONDS', { min: 60, max: 31_536_000 }),
  };
}

/** One line, as the subject of a mail is; without a colon, which ends an issuer in an authenticator's label. */
function serviceName(env: Environment): string {
  const name = env.text('SERVICE_NAME', URL.parse(env.text('TOKEN_ISSUER', ''))?.hostname ?? 'AuthCluster');
  if (/[\r\n:]/.test(name) || name.length > 253) {
    env.problems.push('SERVICE_NAME must have at most 253 characters, and neither a colon nor a line break');
  }
  return name;
}

function hashing(env: Environment): ServeConfig['hashing'] {
  const algorithm = env.choice('HASH_ALGORITHM', ['bcrypt', 'argon2id'], 'bcrypt');
  return {
    algorithm,
    cost: env.integer('HASH_COST', { min: algorithm === 'bcrypt' ? 4 : 11, max: 16, fallback: 11 }),
    workers: env.integer('HASH_WORKERS', { min: 1, max: 256, fallback: 10 }),
    queueLength: env.optionalInteger('HASH_QUEUE_LENGTH', { min: 0, max: 10_000 }),
    cpuLimitMillicores: env.optionalInteger('CPU_LIMIT_MILLICORES', { min: 1, max: 1_000_000 }),
  };
}
