import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type App, startApp } from '../app.ts';
import type { ServeConfig } from '../config.ts';
import type { ApiPorts } from '../http/route.ts';
import { observeLogins, observeSigningKeys } from '../observability/credential-metrics.ts';
import { Metrics } from '../observability/metrics.ts';
import { LoginShedding } from '../resilience/overload.ts';
import { Ed25519AccessTokens } from '../security/access-token.ts';
import { ClientCredentials } from '../security/client-credentials.ts';
import { KeyDirectory } from '../security/key-directory.ts';
import { VerifiedTokens } from '../security/verified-tokens.ts';
import { appointAdministrator } from './administrator.ts';
import { startAudit } from './audit.ts';
import { startBackground } from './background.ts';
import { openCaches } from './caches.ts';
import { createCircuitBreakers } from './circuit-breakers.ts';
import { openDatabases } from './databases.ts';
import { startHashing } from './hashing.ts';
import { loginFingerprints } from './logins.ts';
import { startMail } from './mail.ts';
import { showPopulation } from './population.ts';
import { createPorts } from './ports.ts';
import { openRedis } from './redis.ts';
import { createStores } from './stores.ts';

const keyReloadIntervalMs = 2_000;
const administratorRetryMs = 2_000;
/** Redis is worth a short wait at the start, and no more: without it everything works, slower. */
const redisStartTimeoutMs = 2_000;
/** Checks of tokens need no thread that hashes. */
const hashingStartTimeoutMs = 5_000;
/** A verify must not come later than this because of logins. */
const maxEventLoopDelayMs = 250;

/** Runs the API until the process is told to stop. */
export async function serve(config: ServeConfig, log: Logger): Promise<void> {
  const metrics = new Metrics({ format: config.isTraced ? 'openmetrics' : 'prometheus' });
  const { keys, accessTokens } = openKeys(config, log);
  observeSigningKeys(metrics.registry, () => keys.signing().states);
  observeLogins(metrics.registry, () => loginFingerprints(config, keys.derivationKey()));
  const breakers = createCircuitBreakers(config, log, metrics);
  const databases = openDatabases(config, breakers, log, metrics);
  const redis = openRedis(config, breakers, log);
  const caches = openCaches(config, { databases, redis, metrics, log });
  const passwords = startHashing(config, log, metrics);
  const overload = new LoginShedding({
    waiting: () => databases.primary.snapshot().waiting,
    maxWaiting: config.postgres.write.poolSize,
    isHashingFull: () => passwords.isFull,
    maxEventLoopDelayMs,
  });
  const stores = createStores(config, { databases, caches, metrics, log });
  const configuredClients = new ClientCredentials(config.oauthClientsDirectory);
  const clock = { nowMs: () => Date.now() };
  const audit = startAudit({ databases, metrics, log, clock, key: () => keys.derivationKey() });
  const ports = createPorts(config, {
    ...{ keys, accessTokens, passwords, breakers, databases, redis, caches, stores, configuredClients, overload },
    ...{ audit: audit.log, clock, metrics },
  });
  const mailing = startMail(config, { ...ports, mail: stores.mail }, metrics, log);
  // Who logs in before there is a thread waits in the queue, and finds it full where a pod comes because many do.
  await Promise.all([redis?.readyWithin(redisStartTimeoutMs), passwords.startedWithin(hashingStartTimeoutMs)]);
  const app = await startApp({ config, metrics, log, ports, derivationKey: () => keys.derivationKey() });
  keys.watch();
  const reloading = setInterval(() => reloadClients(configuredClients, log), keyReloadIntervalMs).unref();
  const background = startBackground(config, { databases, caches, registry: metrics.registry, log });
  const stopping = new AbortController();
  showPopulation(config, { databases, registry: metrics.registry, log, signal: stopping.signal });
  appoint(config, ports, log, stopping.signal);
  onStopSignal(app, log, async () => {
    stopping.abort();
    clearInterval(reloading);
    keys.close();
    overload.close();
    await passwords.close();
    await Promise.all([background.stop(), mailing.stop(), audit.stop()]);
    caches.close();
    redis?.disconnect();
    await databases.close();
  });
}

function openKeys(config: ServeConfig, log: Logger) {
  const keys = new KeyDirectory({
    directory: config.keysDirectory,
    reloadIntervalMs: keyReloadIntervalMs,
    onReload: () => {
      accessTokens.clear();
      log.info('the signing keys were reloaded');
    },
    onReloadError: (error) => log.error({ error }, 'the signing keys could not be reloaded; those before stay in use'),
  });
  const signed = new Ed25519AccessTokens({ ...config.tokens, keys: () => keys.signing() });
  const accessTokens = new VerifiedTokens(signed, config.cache.local.session.maxEntries);
  return { keys, accessTokens };
}

/** In the background, where there is somebody to appoint. */
function appoint(
  { adminCredentialsDirectory: directory }: ServeConfig,
  ports: ApiPorts,
  log: Logger,
  stopping: AbortSignal,
) {
  if (directory === undefined) return;
  const pause = () => delay(administratorRetryMs, undefined, { signal: stopping }).catch(() => undefined);
  void appointAdministrator({ directory, ports, log, pause, stopping });
}

function reloadClients(clients: ClientCredentials, log: Logger): void {
  try {
    clients.reload();
  } catch (error) {
    log.error({ error }, 'the OAuth clients could not be reloaded; those before stay in use');
  }
}

function onStopSignal(app: App, log: Logger, release: () => Promise<void>): void {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'told to stop');
    await app.shutDown();
    await release();
    log.info('stopped');
  };
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => {
        log.fatal({ error }, 'the shutdown failed');
        process.exitCode = 1;
      });
    });
  }
}
