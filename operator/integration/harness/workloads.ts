import { ObjectCache } from '../../src/kubernetes/cache.ts';
import type { Deployment, Job, LiveObject, Pod, StatefulSet } from '../../src/kubernetes/objects.ts';
import { resourceOf, resourcePath } from '../../src/kubernetes/resources.ts';
import type { Transport } from '../../src/kubernetes/transport.ts';
import { Ledger } from './ledger.ts';
import { bringPatroni } from './patroni.ts';

const LABEL_SELECTOR = 'app.kubernetes.io/name=authcluster';
const KINDS = ['Deployment', 'StatefulSet', 'Job', 'Pod', 'ConfigMap'];

/**
 * What Kubernetes' own controllers, kubelets and Patroni would do where there are no nodes: workloads are as large and as
 * new as they should be at once, Jobs succeed, and databases have a primary.
 */
export class Workloads {
  readonly cache: ObjectCache;
  /** Of all that is written by whoever lives here. */
  readonly ledger = new Ledger();
  readonly #admin: Transport;
  readonly #stop = new AbortController();
  /** Namespaces that are served; undefined: all. Others on this API server have workloads of their own. */
  readonly #served: Set<string> | undefined;
  /** By key; what changes while it is looked at is looked at again. */
  readonly #working = new Map<string, 'once' | 'again'>();

  constructor(admin: Transport, { everywhere = false }: { everywhere?: boolean } = {}) {
    this.#served = everywhere ? undefined : new Set();
    this.#admin = this.ledger.recording(admin);
    this.cache = new ObjectCache(admin, {
      kinds: KINDS.map((kind) => ({ kind, labelSelector: LABEL_SELECTOR })),
      namespaces: [],
      now: Date.now,
      random: Math.random,
      onProblem: () => undefined,
    });
    for (const kind of ['Deployment', 'StatefulSet', 'Job']) {
      this.cache.store(kind).onChange(({ type, object }) => type !== 'deleted' && this.#look(object));
    }
    // A database follows its pods and its leader, too: somebody may have deleted them.
    for (const kind of ['Pod', 'ConfigMap']) {
      this.cache.store(kind).onChange(({ type, object }) => type === 'deleted' && this.#lookAtDatabase(object));
    }
  }

  async start(): Promise<void> {
    void this.cache.run(this.#stop.signal);
    await this.cache.untilSynced(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(30_000)]));
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Serves a namespace before anything is made in it. */
  serve(namespace: string): void {
    this.#served?.add(namespace);
  }

  isBusy(namespace: string): boolean {
    return [...this.#working.keys()].some((key) => key.split('/')[1] === namespace);
  }

  #lookAtDatabase({ metadata }: LiveObject): void {
    const instance = metadata.labels?.['app.kubernetes.io/instance'];
    const database = this.cache.store('StatefulSet').get(metadata.namespace, `${instance}-postgres`);
    if (database !== undefined) this.#look(database);
  }

  #look({ kind, metadata: { namespace, name } }: LiveObject): void {
    if (this.#served?.has(namespace) === false) return;
    const key = `${kind}/${namespace}/${name}`;
    if (this.#working.has(key)) {
      this.#working.set(key, 'again');
      return;
    }
    this.#working.set(key, 'once');
    void this.#follow(key, kind, namespace, name);
  }

  async #follow(key: string, kind: string, namespace: string, name: string): Promise<void> {
    for (;;) {
      const live = this.cache.store(kind).get(namespace, name);
      try {
        if (live !== undefined) await this.#bring(live);
      } catch {
        // It was changed or deleted meanwhile, or the API server is away: what is there next is looked at again.
        if (this.#stop.signal.aborted) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (this.cache.store(kind).get(namespace, name) !== undefined) continue;
      }
      if (this.#working.get(key) !== 'again') break;
      this.#working.set(key, 'once');
    }
    this.#working.delete(key);
  }

  async #bring(live: LiveObject): Promise<void> {
    if (live.metadata.deletionTimestamp !== undefined) return this.#letGo(live);
    const wanted = statusOf(live);
    const { status = {} } = live as { status?: Record<string, unknown> };
    if (Object.entries(wanted).some(([field, value]) => JSON.stringify(status[field] ?? 0) !== JSON.stringify(value))) {
      const answer = await this.#admin.send({
        method: 'PATCH',
        path: resourcePath(resourceOf(live.kind), live.metadata.namespace, live.metadata.name, 'status'),
        contentType: 'application/merge-patch+json',
        body: { metadata: { uid: live.metadata.uid }, status: wanted },
      });
      this.cache.note(answer as LiveObject);
    }
    if (live.kind === 'StatefulSet' && live.metadata.labels?.['app.kubernetes.io/component'] === 'postgres') {
      const { namespace } = live.metadata;
      const instance = live.metadata.labels['app.kubernetes.io/instance'] ?? '';
      const pods = this.cache.store<Pod>('Pod').ofInstance(namespace, instance);
      const configMaps = this.cache.store('ConfigMap').ofInstance(namespace, instance);
      await bringPatroni(this.#admin, this.cache, live as StatefulSet, { pods, configMaps });
    }
  }

  /** As the garbage collector does, once what an object leaves behind has no owner any more: here nothing has one. */
  async #letGo({ kind, metadata }: LiveObject): Promise<void> {
    await this.#admin.send({
      method: 'PATCH',
      path: resourcePath(resourceOf(kind), metadata.namespace, metadata.name),
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid: metadata.uid, finalizers: null } },
    });
  }
}

/** Fields of a status that are not as if all had come to be; Kubernetes leaves zeros out. */
function statusOf(live: LiveObject): Record<string, unknown> {
  if (live.kind === 'Job') return doneJob(live as Job);
  const { metadata, spec } = live as Deployment | StatefulSet;
  const replicas = spec.replicas ?? 1;
  const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
  return { observedGeneration: metadata.generation, ...counts };
}

function doneJob({ metadata, status }: Job): Record<string, unknown> {
  if (status?.succeeded === 1) return {};
  const time = metadata.creationTimestamp;
  const condition = { status: 'True', lastProbeTime: time, lastTransitionTime: time };
  const conditions = [
    { type: 'SuccessCriteriaMet', ...condition },
    { type: 'Complete', ...condition },
  ];
  return { startTime: time, completionTime: time, succeeded: 1, conditions };
}
