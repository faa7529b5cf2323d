import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseConfig, parseMigrateConfig } from '../auth-api/src/config.ts';
import { ClientCredentials } from '../auth-api/src/security/client-credentials.ts';
import { KeyDirectory } from '../auth-api/src/security/key-directory.ts';
import { readCredentials } from '../auth-api/src/storage/postgres/connection.ts';
import { tlsOptions } from '../auth-api/src/storage/tls.ts';
import type { AuthCluster } from '../operator/src/api/authcluster.ts';
import { allObjects } from '../operator/src/specs/all-objects.ts';
import { clusterWith, SAMPLE_INPUTS, SAMPLES, sampleCluster } from '../operator/src/testing/sample-clusters.ts';
import { type RenderedContainer, renderedContainer } from './support/rendered-container.ts';

/** The operator and the auth API share no code: what one renders, the other must understand. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'contract-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes the files of the container's Secrets below `root`, as the kubelet would. */
function mount({ files }: RenderedContainer): void {
  for (const [path, content] of files) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** What samples name and somebody else makes. */
const BROUGHT = { 'auth-administrator': { username: 'root', password: 'of somebody else' } };
const MANAGED = SAMPLES.filter((sample) => sampleCluster(sample).spec.postgres.mode === 'Managed');

describe.each(MANAGED)('what the operator renders for the %s sample', (sample) => {
  const cluster = sampleCluster(sample);
  const objects = allObjects(cluster, SAMPLE_INPUTS);

  test('is a configuration that the auth API serves with', () => {
    const container = renderedContainer(cluster, objects, 'Deployment', 'auth-api', BROUGHT);
    const config = parseConfig(container.variables);
    const { api, postgres } = cluster.spec;
    expect(container.args).toEqual(['serve']);
    expect(config).toMatchObject({
      httpPort: container.ports.http,
      opsPort: container.ports.ops,
      redis: { topology: 'cluster', tlsMode: 'disable' },
      postgres: { database: 'auth', write: { poolSize: api.pools.write }, read: { poolSize: api.pools.read } },
      tokens: { accessLifetimeSeconds: api.tokens.accessLifetimeSeconds, issuer: api.tokens.issuer },
      hashing: { algorithm: api.hashing.algorithm, workers: api.hashing.workers, queueLength: api.hashing.queueLength },
      cache: cacheOf(api.cache),
      circuitBreaker: api.circuitBreaker,
      maxSessionsPerUser: api.maxSessionsPerUser,
      registration: api.registration.toLowerCase(),
      stepUpMaxAgeSeconds: api.stepUpMaxAgeSeconds,
      auditRetentionDays: api.auditRetentionDays,
      rates: {
        login_account: api.rateLimits.loginPerAccount,
        login_network: api.rateLimits.loginPerNetwork,
        registration_network: api.rateLimits.registrationPerNetwork,
        second_factor: api.rateLimits.secondFactorPerAccount,
        recovery_account: api.rateLimits.recoveryPerAccount,
        recovery_network: api.rateLimits.recoveryPerNetwork,
        client_failure: api.rateLimits.clientFailures,
      },
    });
    expect(config.hashing.cpuLimitMillicores).toBeGreaterThan(0);
    expect(postgres.readReplicas).toBeGreaterThan(0);
    expect(config.trustedProxies.check('10.244.1.2')).toBe(true);
  });

  test('holds the files that the auth API reads', () => {
    const container = renderedContainer(cluster, objects, 'Deployment', 'auth-api', BROUGHT);
    mount(container);
    const config = parseConfig(container.variables);
    expect(readCredentials(join(root, config.postgres.credentialsDirectory)).user).toBe('auth_app');
    expect(readCredentials(join(root, config.redis.credentialsDirectory)).user).toBe('auth_api');
    const directory = join(root, config.keysDirectory);
    const keys = new KeyDirectory({ directory, reloadIntervalMs: 1000, onReload: () => {}, onReloadError: () => {} });
    expect(keys.signing().jwks.keys).toHaveLength(1);
    expect(keys.derivationKey()).toHaveLength(32);
  });

  test('lets the auth API finish its requests before it is killed', () => {
    const { gracePeriodSeconds, preStopSeconds, variables } = renderedContainer(
      cluster,
      objects,
      'Deployment',
      'auth-api',
      BROUGHT,
    );
    expect(gracePeriodSeconds).toBeGreaterThan(preStopSeconds + parseConfig(variables).shutdownGraceSeconds);
  });

  test('is a configuration that the caches are warmed with', () => {
    const container = renderedContainer(cluster, objects, 'CronJob', 'warming');
    mount(container);
    const config = parseConfig(container.variables);
    expect(container.args).toEqual(['warm']);
    expect(config.cache).toEqual({ ...cacheOf(cluster.spec.api.cache), warmingActiveWithinSeconds: 3600 });
    expect(config.postgres.write.poolSize).toBeLessThan(10);
    expect(readCredentials(join(root, config.postgres.credentialsDirectory)).user).toBe('auth_app');
    expect(readCredentials(join(root, config.redis.credentialsDirectory)).user).toBe('auth_api');
  });

  test('is a configuration that migrations run with', () => {
    const container = renderedContainer(cluster, objects, 'Job', 'migrations');
    mount(container);
    const config = parseMigrateConfig(container.variables);
    expect(container.args).toEqual(['migrate']);
    expect(config).toMatchObject({ host: `${cluster.metadata.name}-postgres-primary.auth.svc`, appRole: 'auth_app' });
    expect(readCredentials(join(root, config.credentialsDirectory)).user).toBe('auth_migrator');
  });
});

/** The names of the resource, as the auth API has them. */
function cacheOf({ local, shared }: AuthCluster['spec']['api']['cache']) {
  return {
    local: { user_basic: local.userBasic, session: local.session },
    shared: {
      user_permissions: shared.userPermissions,
      user_profile: shared.userProfile,
      session_data: shared.sessionData,
      role_definitions: shared.roleDefinitions,
    },
  };
}

test('who may register, and how often anybody may try, is what the resource says', () => {
  const rateLimits = {
    loginPerAccount: { limit: 3, periodSeconds: 30 },
    registrationPerNetwork: { limit: 2 },
    recoveryPerNetwork: { limit: 4 },
    clientFailures: { limit: 5, periodSeconds: 7 },
  };
  const cluster = clusterWith({ api: { registration: 'Closed', rateLimits, stepUpMaxAgeSeconds: 60 } });
  const { variables } = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api');
  expect(parseConfig(variables)).toMatchObject({
    registration: 'closed',
    stepUpMaxAgeSeconds: 60,
    rates: {
      login_account: { limit: 3, periodSeconds: 30 },
      registration_network: { limit: 2, periodSeconds: 3600 },
      recovery_network: { limit: 4, periodSeconds: 3600 },
      client_failure: { limit: 5, periodSeconds: 7 },
    },
  });
});

test('Secrets that somebody else makes are where the auth API looks for them', () => {
  const api = { bootstrapAdmin: { secretName: 'admin' }, oauthClients: { secretName: 'clients' } };
  const cluster = clusterWith({ api });
  const container = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api', {
    admin: { username: 'root', password: 'of the first administrator' },
    clients: { billing: 'of billing' },
  });
  mount(container);
  const { adminCredentialsDirectory = '', oauthClientsDirectory = '' } = parseConfig(container.variables);
  expect(readCredentials(join(root, adminCredentialsDirectory)).user).toBe('root');
  const clients = new ClientCredentials(join(root, oauthClientsDirectory));
  expect([clients.areValid('billing', 'of billing'), clients.areValid('admin', '')]).toEqual([true, false]);
});

describe('mail goes the way that the resource says', () => {
  const credentials = { secretName: 'mail' };
  const links = {
    resetURL: 'https://shop.example.com/reset#{token}',
    verifyURL: 'https://shop.example.com/verify#{token}',
  };
  const from = 'Shop <no-reply@example.com>';
  const brought = {
    mail: { username: 'shop', password: 'of the mailbox', secret: 'whsec_c2lnbnMgdGhlIG1haWwgb2YgdGhlIHNob3A=' },
    texts: { 'password_changed.en.txt': 'Subject: Mine' },
  };
  const serve = (way: object) => {
    const mail = { from, ...links, templates: { configMapName: 'texts' }, ...way };
    const cluster = clusterWith({ api: { serviceName: 'Shop', mail } });
    const container = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api', brought);
    mount(container);
    return { variables: container.variables, ...parseConfig(container.variables) };
  };

  test.each([
    [
      'smtp',
      { host: 'mail.example.com', tls: 'Implicit', credentials },
      { host: 'mail.example.com', port: 465, tls: 'implicit' },
    ],
    ['webhook', { url: 'https://mail.example.com/send', credentials }, { url: 'https://mail.example.com/send' }],
  ])('by %s, with what is in Secret and ConfigMap', (kind, way, delivery) => {
    const { variables, mail, serviceName } = serve({ [kind]: way });
    expect(serviceName).toBe('Shop');
    expect(mail).toMatchObject({
      from,
      resetUrl: links.resetURL,
      verifyUrl: links.verifyURL,
      resetLifetimeSeconds: 1800,
    });
    expect(mail?.delivery).toMatchObject({ kind, ...delivery });
    const { MAIL_CREDENTIALS_DIR: credentialsDirectory = '' } = variables;
    expect(mail?.delivery).toMatchObject({ credentialsDirectory });
    expect(readdirSync(join(root, credentialsDirectory)).sort()).toEqual(['password', 'secret', 'username']);
    expect(readdirSync(join(root, mail?.templatesDirectory ?? ''))).toEqual(['password_changed.en.txt']);
  });

  test('to a server that asks for no login', () => {
    const delivery = { kind: 'smtp', host: 'relay', port: 587, tls: 'starttls', credentialsDirectory: undefined };
    expect(serve({ smtp: { host: 'relay' } }).mail?.delivery).toEqual(delivery);
  });
});

test('the pages that the resource names are those that the auth API allows', () => {
  const origins = ['https://app.example.com', 'http://localhost:5173'];
  const cluster = clusterWith({ api: { browsers: { origins } } });
  const { variables } = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api');
  expect([...parseConfig(variables).browserOrigins]).toEqual(origins);
});

test('traces go where the resource says, as OpenTelemetry has it', () => {
  const endpoint = 'http://collector.observability.svc:4318';
  const cluster = clusterWith({ api: { tracing: { endpoint, headersSecret: { name: 'collector' } } } });
  const { variables } = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api');
  expect(variables).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  });
  expect(variables).toHaveProperty('OTEL_EXPORTER_OTLP_HEADERS');
});

describe('with external data tiers', () => {
  const cluster = sampleCluster('external-database');
  const objects = allObjects(cluster, SAMPLE_INPUTS);
  const login = (username: string) => ({ username, password: 'word' });
  const brought = {
    'auth-db-app': login('shop_app'),
    'auth-db-migrator': login('shop_migrator'),
    'auth-db-ca': { 'ca.crt': 'authority of the database' },
  };

  test('the auth API logs in to the poolers as ever, and to Redis as the spec says', () => {
    const container = renderedContainer(cluster, objects, 'Deployment', 'auth-api');
    mount(container);
    const { postgres, redis } = parseConfig(container.variables);
    expect(postgres).toMatchObject({
      database: 'auth',
      write: { host: 'external-pooler-rw.auth.svc' },
      tlsMode: 'disable',
    });
    expect(readCredentials(join(root, postgres.credentialsDirectory)).user).toBe('authcluster_pooled_app');
    expect(redis).toMatchObject({ topology: 'single', tlsMode: 'verify-full' });
    expect(redis.nodes).toEqual([{ host: 'master.auth.abc.euc1.cache.amazonaws.com', port: 6379 }]);
    expect(readCredentials(join(root, redis.credentialsDirectory)).user).toBe('shop');
    expect(tlsOptions(redis.tlsMode, join(root, redis.credentialsDirectory))).toEqual({
      ca: SAMPLE_INPUTS.external.redis?.ca,
    });
  });

  test('migrations run as the role that is for them, and grant to the application', () => {
    const container = renderedContainer(cluster, objects, 'Job', 'migrations', brought);
    mount(container);
    const { host, appRole, tlsMode, credentialsDirectory } = parseMigrateConfig(container.variables);
    expect(host).toBe('auth.abc.eu-central-1.rds.amazonaws.com');
    expect(appRole).toBe('shop_app');
    expect(readCredentials(join(root, credentialsDirectory)).user).toBe('shop_migrator');
    expect(tlsOptions(tlsMode, join(root, credentialsDirectory))).toEqual({ ca: 'authority of the database' });
  });
});

test('without read replicas the auth API reads through the read-write pooler', () => {
  const cluster = clusterWith({ postgres: { readReplicas: 0 } });
  const { variables } = renderedContainer(cluster, allObjects(cluster, SAMPLE_INPUTS), 'Deployment', 'auth-api');
  expect(parseConfig(variables).postgres.read).toBeUndefined();
});
