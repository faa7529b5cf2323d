import type { Logger } from 'pino';
import { type AuthCluster, KIND } from './api/authcluster.ts';
import type { Config } from './config.ts';
import { Applier } from './controller/applier.ts';
import type { Clock } from './controller/clock.ts';
import { runController } from './controller/controller.ts';
import type { ConversationOptions } from './controller/conversation.ts';
import { GeneratedSecrets } from './controller/generated-secrets.ts';
import { Reconciler } from './controller/reconcile.ts';
import { References } from './controller/references.ts';
import { overruledReporter } from './controller/reports.ts';
import { wakeOnChanges } from './controller/wake.ts';
import { watchedKinds } from './controller/watched-kinds.ts';
import { WorkQueue } from './controller/work-queue.ts';
import type { ExternalTier } from './external/tier.ts';
import { ObjectCache } from './kubernetes/cache.ts';
import { createClient, type KubernetesClient } from './kubernetes/client.ts';
import { createEventRecorder } from './kubernetes/events.ts';
import type { Transport } from './kubernetes/transport.ts';
import type { Metrics } from './observability/metrics.ts';
import type { ApiTier } from './rollout/tier.ts';

/** Conversations with running servers. */
export type Tiers = Pick<ConversationOptions, 'postgres' | 'mover' | 'poolerPaths' | 'redis' | 'credentialServers'> & {
  api: Pick<ApiTier, keyof ApiTier>;
  external: Pick<ExternalTier, keyof ExternalTier>;
};

export interface OperatorParts {
  config: Pick<Config, 'watchNamespaces' | 'images' | 'imagePullSecrets' | 'pod'>;
  transport: Transport;
  tiers: (client: KubernetesClient) => Tiers;
  clock: Clock;
  random: () => number;
  randomBytes: (count: number) => Buffer;
  log: Logger;
  metrics: Metrics;
}

/** Keys that are reconciled at once. A worker mostly waits for somebody's answer, and for seconds where nobody gives one. */
export const WORKERS = 8;

/** The loop, put together: what is watched wakes keys, and workers reconcile them. */
export class Operator {
  readonly cache: ObjectCache;
  readonly queue: WorkQueue;
  readonly #parts: OperatorParts;
  readonly #reconciler: Reconciler;

  constructor(parts: OperatorParts) {
    const { transport, clock, random, log, metrics } = parts;
    this.#parts = parts;
    this.cache = createCache(parts);
    this.queue = new WorkQueue({ clock, random, observer: metrics.queue });
    metrics.watchUnfinishedWork(() => this.queue.unfinished());
    metrics.watchConditions(() => this.cache.store<AuthCluster>(KIND).all());
    const client = createClient(transport, metrics.wrote);
    const events = createEventRecorder(transport, {
      instance: parts.config.pod.name,
      now: () => clock.now(),
      onProblem: (error) => log.debug({ err: error }, 'an event was not recorded'),
    });
    this.#reconciler = new Reconciler({
      ...parts.tiers(client),
      client,
      cache: this.cache,
      applier: new Applier({ client, cache: this.cache, onOverruled: overruledReporter(events, log) }),
      secrets: new GeneratedSecrets(client, this.cache),
      references: new References(client),
      events,
      catalogue: parts.config.images,
      imagePullSecrets: parts.config.imagePullSecrets,
      operatorNamespace: parts.config.pod.namespace,
      clock,
      random,
      randomBytes: parts.randomBytes,
    });
    wakeOnChanges(this.cache, this.queue, KIND);
  }

  /** Keeps the cache equal to what the API server has, until the signal aborts. */
  watch(signal: AbortSignal): Promise<void> {
    return this.cache.run(signal);
  }

  /** Works the queue until it is closed. Only who leads may do this. */
  work(): Promise<void> {
    const { clock, log, metrics } = this.#parts;
    return runController({
      queue: this.queue,
      reconcile: (key, keyLog) => this.#reconciler.reconcile(key, keyLog),
      concurrency: WORKERS,
      clock,
      log,
      observer: metrics.controller,
    });
  }
}

function createCache({ transport, config, clock, random, log, metrics }: OperatorParts): ObjectCache {
  return new ObjectCache(transport, {
    kinds: watchedKinds(config.watchNamespaces),
    namespaces: config.watchNamespaces,
    now: () => clock.now(),
    random,
    onProblem: ({ resource, error, retryInMs }) => {
      metrics.watchFailed(resource);
      log.warn({ resource, err: error, retryInMs }, 'watch begins again');
    },
  });
}
