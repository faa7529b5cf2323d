import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError, parseConfig } from './config.ts';
import { systemClock } from './controller/clock.ts';
import { closedNamespaces, stuckWorkers } from './controller/reports.ts';
import { watchedKinds } from './controller/watched-kinds.ts';
import { CredentialServers } from './credentials/servers.ts';
import { ExternalTier } from './external/tier.ts';
import { type ApiServer, podApiServer } from './kubernetes/api-server.ts';
import { directDialer, type PodDialer } from './kubernetes/dialer.ts';
import { LeaderElection } from './kubernetes/lease.ts';
import { qualifiedName, resourceOf } from './kubernetes/resources.ts';
import { createTransport, type Transport } from './kubernetes/transport.ts';
import { createLog } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { serveHealth, serveMetrics } from './observability/server.ts';
import { traced } from './observability/traced-transport.ts';
import { Operator, WORKERS } from './operator.ts';
import { PostgresMover } from './postgres/mover.ts';
import { PoolerPaths, pathThroughPooler } from './postgres/pooler-paths.ts';
import { PostgresTier } from './postgres/tier.ts';
import { RedisTier } from './redis/tier.ts';
import { ApiTier } from './rollout/tier.ts';
import { DATABASE } from './specs/names.ts';

/** By which metrics, alerts and dashboards know who leads, whatever the Lease is called. */
const ELECTION = 'authcluster-operator';
/** Work in progress may end within this time after SIGTERM; below the lease's duration, so that we still hold it. */
const DRAIN_MS = 10_000;
const { now } = systemClock;
const random = Math.random;

const config = readConfig();
const log = createLog(config.logLevel);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info({ signal }, 'stopping');
    stop.abort();
  });
}
process.on('unhandledRejection', (error) => {
  log.fatal({ err: error }, 'unhandled rejection');
  process.exit(1);
});
try {
  await run();
} catch (error) {
  // A signal during start-up ends the waits: a stop, no failure.
  if (!stop.signal.aborted) {
    log.fatal({ err: error }, 'the operator ended');
    process.exit(1);
  }
}
log.info('stopped');
process.exit(0);

async function run(): Promise<void> {
  const stopTracing = await trace();
  const resources = watchedKinds(config.watchNamespaces).map(({ kind }) => qualifiedName(resourceOf(kind)));
  const metrics = createMetrics({ resources, concurrency: WORKERS });
  const { server, dialer } = await access();
  const transport = traced(createTransport(server, metrics.restClient(server.url.host)));
  const operator = new Operator({
    config,
    transport,
    tiers: (client) => ({
      api: new ApiTier({ dialer, randomBytes, now }),
      postgres: new PostgresTier({ client, dialer, now }),
      poolerPaths: new PoolerPaths(pathThroughPooler(dialer, DATABASE), now),
      mover: new PostgresMover({ client, dialer, now, sleep, onMove: metrics.moved }),
      redis: new RedisTier({ dialer, now }),
      credentialServers: new CredentialServers(dialer),
      external: new ExternalTier({ client, now }),
    }),
    clock: systemClock,
    random,
    randomBytes: (count) => randomBytes(count),
    log,
    metrics,
  });
  const { cache, queue } = operator;

  const servers = [
    await serveMetrics(config.metricsPort, metrics.registry),
    await serveHealth(config.healthPort, {
      live: [stuckWorkers(queue)],
      ready: [['watches', () => cache.problem()]],
      noted: [closedNamespaces(cache)],
    }),
  ];
  const watching = operator.watch(stop.signal);
  await cache.untilSynced(stop.signal);
  const closed = cache.closedNamespaces();
  log.info({ namespaces: config.watchNamespaces, closed, server: server.url.origin }, 'watching');
  const release = await lead(transport, metrics);

  stop.signal.addEventListener('abort', () => queue.close());
  const working = operator.work();
  await watching;
  await Promise.race([working, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
  await release();
  await Promise.all([...servers.map((server) => server.close()), stopTracing()]);
}

/** The SDK is loaded where it is wanted alone. The function it returns sends the last spans. */
async function trace(): Promise<() => Promise<void>> {
  if (!config.tracing) return async () => undefined;
  const { startTracing } = await import('./observability/tracing.ts');
  const sdk = startTracing();
  return () => sdk.shutdown().catch((error: unknown) => log.warn({ err: error }, 'the last spans were not sent'));
}

/** In a pod its service account and pods' addresses; on a developer's machine the kubeconfig and port-forwards. */
async function access(): Promise<{ server: ApiServer; dialer: PodDialer }> {
  if (config.apiServer !== undefined)
    return { server: podApiServer({ ...config.apiServer, now }), dialer: directDialer };
  const { kubeconfigAccess } = await import('./kubernetes/kubeconfig.ts');
  return kubeconfigAccess(config.context, (error) => log.debug({ err: error }, 'port-forward'));
}

/** Waits until we lead; the function it returns gives the lead up. Losing it otherwise ends the process at once. */
async function lead(transport: Transport, metrics: Metrics): Promise<() => Promise<void>> {
  metrics.leading(ELECTION, false);
  if (!config.leaderElection) return async () => undefined;
  const election = new LeaderElection(transport, {
    namespace: config.pod.namespace,
    name: config.leaseName,
    identity: `${config.pod.name}_${randomUUID()}`,
    now,
    random,
    onProblem: (error) => log.warn({ err: error }, 'lease'),
  });
  await election.acquire(stop.signal);
  log.info('leading');
  metrics.leading(ELECTION, true);
  election.keep(stop.signal).then((outcome) => {
    if (outcome === 'stopped') return;
    log.fatal('lost the lease');
    process.exit(1);
  });
  return () => election.release();
}

function readConfig(): Config {
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    createLog('info').fatal(`configuration: ${error.message}`);
    process.exit(1);
  }
}
