import { pino } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import { Applier } from '../controller/applier.ts';
import { GeneratedSecrets } from '../controller/generated-secrets.ts';
import { Reconciler } from '../controller/reconcile.ts';
import { References } from '../controller/references.ts';
import { watchedKinds } from '../controller/watched-kinds.ts';
import { type ExternalChecks, ExternalTier } from '../external/tier.ts';
import { ObjectCache } from '../kubernetes/cache.ts';
import { createClient } from '../kubernetes/client.ts';
import type { EventNote } from '../kubernetes/events.ts';
import type { KubernetesObject, Secret } from '../kubernetes/objects.ts';
import type { MoveScene } from '../postgres/mover.ts';
import type { Move } from '../postgres/moves.ts';
import type { PathsSeen } from '../postgres/pooler-paths.ts';
import type { RedisState } from '../redis/tier.ts';
import type { Check, RolloutObserved } from '../rollout/terms.ts';
import { NO_TRAFFIC } from '../rollout/traffic.ts';
import type { PodKeys } from '../signing-keys/pod-keys.ts';
import { EXPORTER_LOGIN_ANNOTATION } from '../specs/names.ts';
import type { KeySet } from '../specs/secrets/signing-keys.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { FakeClock } from './fake-clock.ts';
import { runPods, runWorkloads } from './harness-workloads.ts';
import { apiLogins, memberState } from './mounted-logins.ts';
import { clusterWith, SAMPLE_INPUTS } from './sample-clusters.ts';

const WHOLE: RedisState = { readyNodes: 6, slotsCovered: 16_384, primaries: 3, whole: true, shardsInUse: 3 };

/** The operator on an API server in memory, with data tiers that say yes as soon as their pods run. */
export class OperatorHarness {
  readonly server = new FakeApiServer();
  readonly clock = new FakeClock();
  readonly events: EventNote[] = [];
  /** What the auth API's pods say when they are asked. */
  check: Check = { kind: 'passed' };
  baseline: RolloutObserved['baseline'] = { candidate: NO_TRAFFIC, former: NO_TRAFFIC };
  traffic: RolloutObserved['traffic'] = NO_TRAFFIC;
  /** What was to be done with database pods, pass by pass. */
  readonly moves: Move[] = [];
  /** Who took part in the last of them. */
  scene: MoveScene | undefined;
  /** Pods that were told to send their clients elsewhere. */
  readonly stoodBy: string[] = [];
  /** What the auth API's pods have read of the signing keys: at once what there is. */
  podKeys = (): readonly PodKeys[] | undefined => [new Map(this.keySet().keys.map(({ kid, status }) => [kid, status]))];
  /** What randomness is made of. */
  randomByte = 7;
  /** What external servers answer. */
  readonly checks: ExternalChecks = {
    postgres: async () => ({ replicaProblems: [] }),
    redis: async () => ({ readyEndpoints: 1 }),
  };
  /** Where logins through the poolers lead. */
  poolerPaths: PathsSeen = { readWrite: { kind: 'works' }, readOnly: { kind: 'works' } };
  /** Names of what holds a stage of a rotation up. */
  refusing: (what: 'pooler' | 'former' | 'clients' | 'patroni' | 'redis' | 'exporters') => string[] = () => [];
  /** Whether pods of the workloads are there, each of the newest template. */
  hasPods = false;
  /** Whether the exporters of these pods are of a release that read its login once. */
  podsAreOlder = false;
  cluster: AuthCluster;
  #reconciler: Reconciler;
  readonly #cache: ObjectCache;
  readonly #stop = new AbortController();

  constructor(spec: object = {}) {
    this.cluster = clusterWith(spec);
    this.#cache = this.#newCache();
    this.#reconciler = this.#newReconciler();
  }

  async start(): Promise<void> {
    this.cluster = this.server.put(this.cluster, 'authclusters') as AuthCluster;
    void this.#cache.run(this.#stop.signal);
    await this.#cache.untilSynced(AbortSignal.timeout(2000));
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Forgets everything, as a restarted process has. */
  restart(): void {
    this.#reconciler = this.#newReconciler();
  }

  /** Lets watches deliver, makes one pass, and returns what it wrote: `apply deployments acme-api-blue`. */
  async pass(): Promise<string[]> {
    await this.settle();
    const before = this.server.writes.length;
    await this.#reconciler.reconcile('auth/acme', pino({ level: 'silent' }));
    return this.server.writes.slice(before);
  }

  /** Passes, with pods that come up between them, until one writes nothing. */
  async untilQuiet(): Promise<void> {
    let writes: string[] = [];
    for (let passes = 0; passes < 30; passes++) {
      this.runWorkloads();
      writes = await this.pass().catch((error: unknown) => [String(error)]);
      if (writes.length === 0) return;
    }
    throw new Error(`the operator never comes to rest: ${writes.join(', ')}`);
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 15));
  }

  status(): AuthCluster['status'] {
    return (this.server.find('authclusters', 'acme') as AuthCluster | undefined)?.status;
  }

  condition(type: string): string | undefined {
    return this.status()?.conditions?.find((condition) => condition.type === type)?.status;
  }

  /** What kubelets and Kubernetes' own controllers would do, at once. */
  runWorkloads(): void {
    runWorkloads(this.server);
    if (!this.hasPods) return;
    const without = this.podsAreOlder ? [EXPORTER_LOGIN_ANNOTATION] : [];
    runPods(this.server, () => memberState((name) => this.secretValues(name)), without);
  }

  /** Of the Secret as it is. */
  keySet(): KeySet {
    const secret = this.server.find('secrets', 'acme-signing-keys') as Secret | undefined;
    return JSON.parse(Buffer.from(secret?.data?.['keyset.json'] ?? '', 'base64').toString('utf8'));
  }

  /** Of a Secret as it is. */
  secretValues(name: string): Record<string, string> {
    const { data = {} } = (this.server.find('secrets', name) ?? {}) as Secret;
    const entries = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
    return Object.fromEntries(entries);
  }

  annotate(annotations: Record<string, string>): void {
    const live = this.server.find('authclusters', 'acme') ?? this.cluster;
    this.server.put({ ...live, metadata: { ...live.metadata, annotations } }, 'authclusters');
  }

  change(spec: object): void {
    this.cluster = this.server.put(
      { ...this.cluster, ...this.server.find('authclusters', 'acme'), ...clusterSpec(spec) },
      'authclusters',
    ) as AuthCluster;
  }

  #newCache(): ObjectCache {
    return new ObjectCache(this.server, {
      kinds: watchedKinds([]),
      namespaces: [],
      now: () => this.clock.now(),
      random: () => 0,
      onProblem: () => undefined,
    });
  }

  #newReconciler(): Reconciler {
    const client = createClient(this.server);
    const cache = this.#cache;
    return new Reconciler({
      client,
      cache,
      applier: new Applier({ client, cache, onOverruled: () => undefined }),
      secrets: new GeneratedSecrets(client, cache),
      references: new References(client),
      events: { record: (_regarding, event) => this.events.push(event) },
      api: {
        forget: () => undefined,
        check: async () => this.check,
        measure: async () => true,
        baseline: async () => this.baseline,
        traffic: async () => this.traffic,
        standBy: async (pods) => {
          this.stoodBy.push(...pods.map(({ metadata }) => metadata.name));
          return [];
        },
        signingKeys: async () => this.podKeys(),
      },
      postgres: {
        forget: () => undefined,
        unlabelStalePrimaries: async () => [],
        refusedParameters: () => [],
        ensureAccounts: async (_key, primary) => primary !== undefined,
        reconnectPoolers: async () => undefined,
        noteReconnected: () => undefined,
      },
      mover: {
        forget: () => undefined,
        problem: () => undefined,
        carryOut: async (_key, move, scene) => {
          this.moves.push(move);
          this.scene = scene;
          return undefined;
        },
      },
      poolerPaths: {
        forget: () => undefined,
        through: () => this.poolerPaths,
        look: (_, pods) => pods.map(() => ({ kind: 'works' })),
      },
      redis: { forget: () => undefined, converge: async () => WHOLE },
      credentialServers: {
        consoleRefuses: async () => this.refusing('pooler'),
        consoleTakes: async () => this.refusing('former'),
        poolersServing: async () => this.refusing('clients'),
        redisUsersDiffer: async () => this.refusing('redis'),
        exportersDiffer: async () => this.refusing('exporters'),
        reloadMembers: async () => this.refusing('patroni'),
        apiLogins: async (pods) => pods.map(() => apiLogins((name) => this.secretValues(name))),
      },
      external: new ExternalTier({ client, now: () => this.clock.now(), checks: this.checks }),
      catalogue: { ...SAMPLE_INPUTS.images, postgres: { '17': SAMPLE_INPUTS.images.postgres } },
      imagePullSecrets: [],
      operatorNamespace: 'authcluster-system',
      clock: this.clock,
      random: () => 0,
      randomBytes: (size) => Buffer.alloc(size, this.randomByte),
    });
  }
}

/** The claim of a pod of the database that the harness runs. */
export function databaseClaim(ordinal: number, storage: string): KubernetesObject {
  const labels = {
    'app.kubernetes.io/name': 'authcluster',
    'app.kubernetes.io/instance': 'acme',
    'app.kubernetes.io/component': 'postgres',
  };
  const metadata = { name: `data-acme-postgres-${ordinal}`, namespace: 'auth', labels };
  const spec = { resources: { requests: { storage } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec } as KubernetesObject;
}

function clusterSpec(spec: object): { spec: AuthCluster['spec'] } {
  return { spec: clusterWith(spec).spec };
}
