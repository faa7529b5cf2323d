import { describe, expect, test } from '@jest/globals';
import { ConfigError, parseConfig, parseMigrateConfig } from './config.ts';

const variables = {
  POSTGRES_WRITE_HOST: 'demo-pooler-rw',
  POSTGRES_DATABASE: 'auth',
  TOKEN_ISSUER: 'https://auth.example.com',
};

function problems(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the environment of serve', () => {
  test('three variables are enough', () => {
    expect(parseConfig(variables)).toMatchObject({
      httpPort: 8080,
      opsPort: 9090,
      postgres: { write: { host: 'demo-pooler-rw', port: 5432, poolSize: 50 }, read: undefined },
      redis: { nodes: [], topology: 'cluster', tlsMode: 'disable' },
      tokens: { audience: 'https://auth.example.com', accessLifetimeSeconds: 300 },
      hashing: { algorithm: 'bcrypt', cost: 11, workers: 10, queueLength: undefined },
    });
  });

  test('an error names every variable that is missing or wrong', () => {
    const wrong = { TOKEN_ISSUER: 'auth', HTTP_PORT: '80a', HASH_ALGORITHM: 'md5', REDIS_NODES: 'redis' };
    expect([...problems(() => parseConfig(wrong))].sort()).toEqual([
      'HASH_ALGORITHM must be one of bcrypt, argon2id, not "md5"',
      'HTTP_PORT must be an integer from 0 to 65535, not "80a"',
      'POSTGRES_DATABASE must be set',
      'POSTGRES_WRITE_HOST must be set',
      'REDIS_NODES must list host:port, not "redis"',
      'TOKEN_ISSUER must be an http or https URL, not "auth"',
    ]);
  });

  test('anybody may register, unless it says closed', () => {
    expect(parseConfig(variables).registration).toBe('open');
    expect(parseConfig({ ...variables, REGISTRATION: 'closed' }).registration).toBe('closed');
    expect(problems(() => parseConfig({ ...variables, REGISTRATION: 'off' }))).toEqual([
      'REGISTRATION must be one of open, closed, not "off"',
    ]);
  });

  test('lists of nodes and of proxies', () => {
    const { redis, trustedProxies } = parseConfig({
      ...variables,
      REDIS_NODES: 'a:6379, b:6380',
      TRUSTED_PROXIES: '10.0.0.0/8,fd00::/8,192.0.2.1',
    });
    expect(redis.nodes).toEqual([
      { host: 'a', port: 6379 },
      { host: 'b', port: 6380 },
    ]);
    expect([trustedProxies.check('10.1.2.3'), trustedProxies.check('fd00::1', 'ipv6')]).toEqual([true, true]);
    expect(trustedProxies.check('192.0.2.2')).toBe(false);
    expect(problems(() => parseConfig({ ...variables, TRUSTED_PROXIES: '10.0.0.0/33' }))).toHaveLength(1);
  });
});

describe('origins of pages', () => {
  const origins = (list: string) => ({ ...variables, BROWSER_ORIGINS: list });

  test('are none unless they are listed, and as browsers write them', () => {
    expect(parseConfig(variables).browserOrigins.size).toBe(0);
    const list =
      'https://app.example.com, https://app.example.com:8443,http://localhost:5173,http://127.0.0.1,http://[::1]';
    expect([...parseConfig(origins(list)).browserOrigins]).toEqual([
      'https://app.example.com',
      'https://app.example.com:8443',
      'http://localhost:5173',
      'http://127.0.0.1',
      'http://[::1]',
    ]);
  });

  test.each([
    '*',
    'null',
    'app.example.com',
    'https://*.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://user@app.example.com',
    'http://app.example.com',
    'http://localhost.example.com',
    'ws://localhost',
    'blob:https://app.example.com',
  ])('%s is none', (origin) => {
    expect(problems(() => parseConfig(origins(origin)))).toEqual([
      `BROWSER_ORIGINS must list origins as https://app.example.com, not "${origin}"`,
    ]);
  });

  test('are not too many', () => {
    const list = Array.from({ length: 33 }, (_, index) => `https://app${index}.example.com`).join(',');
    expect(problems(() => parseConfig(origins(list)))).toEqual([
      'BROWSER_ORIGINS must list at most 32 origins, not 33',
    ]);
  });
});

describe('Redis', () => {
  const single = { ...variables, REDIS_TOPOLOGY: 'single', REDIS_TLS_MODE: 'verify-full' };

  test('may be one server, by TLS', () => {
    expect(parseConfig({ ...single, REDIS_NODES: 'cache:6380' }).redis).toMatchObject({
      nodes: [{ host: 'cache', port: 6380 }],
      topology: 'single',
      tlsMode: 'verify-full',
    });
  });

  test('that is one server has one address', () => {
    expect(problems(() => parseConfig({ ...single, REDIS_NODES: 'a:1,b:2' }))).toEqual([
      'REDIS_NODES must hold one host:port where REDIS_TOPOLOGY is single, not 2',
    ]);
  });
});

describe('caches, circuit breakers and sessions', () => {
  test('have the defaults of the reference', () => {
    expect(parseConfig(variables)).toMatchObject({
      cache: {
        local: {
          user_basic: { ttlSeconds: 60, maxEntries: 10_000 },
          session: { ttlSeconds: 300, maxEntries: 50_000 },
        },
        shared: {
          user_permissions: { ttlSeconds: 3600 },
          user_profile: { ttlSeconds: 1800 },
          session_data: { ttlSeconds: 1800 },
          role_definitions: { ttlSeconds: 86_400 },
        },
      },
      circuitBreaker: {
        failureRateThreshold: 0.5,
        windowSeconds: 60,
        minimumCalls: 10,
        halfOpenRequests: 3,
        recoverySeconds: 30,
      },
      maxSessionsPerUser: 100,
      postgres: { replicaLagLimitSeconds: 5 },
    });
  });

  test('can be changed', () => {
    const { cache, circuitBreaker } = parseConfig({
      ...variables,
      CACHE_LOCAL_SESSION_MAX_ENTRIES: '7',
      CACHE_SHARED_SESSION_DATA_TTL_SECONDS: '8',
      CIRCUIT_BREAKER_FAILURE_RATE_THRESHOLD: '0.25',
    });
    expect([cache.local.session.maxEntries, cache.shared.session_data.ttlSeconds]).toEqual([7, 8]);
    expect(circuitBreaker.failureRateThreshold).toBe(0.25);
  });

  test.each(['0', '1.5', 'half', '-0.5'])('a threshold of %s is none', (threshold) => {
    const wrong = { ...variables, CIRCUIT_BREAKER_FAILURE_RATE_THRESHOLD: threshold };
    expect(problems(() => parseConfig(wrong))).toEqual([
      `CIRCUIT_BREAKER_FAILURE_RATE_THRESHOLD must be a number above 0 and at most 1, not "${threshold}"`,
    ]);
  });
});

test('the environment of migrate', () => {
  const wrong = { MIGRATIONS_HOST: 'demo-postgres-primary', POSTGRES_DATABASE: 'auth', APP_ROLE: 'r'.repeat(64) };
  expect(problems(() => parseMigrateConfig(wrong))).toEqual([
    `APP_ROLE must be a role name of at most 63 bytes, not "${'r'.repeat(64)}"`,
  ]);
});
