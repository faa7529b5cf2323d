import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, type AuthCluster, KIND } from '../src/api/authcluster.ts';
import { ObjectCache } from '../src/kubernetes/cache.ts';
import { resourceOf, resourcePath } from '../src/kubernetes/resources.ts';
import type { Transport } from '../src/kubernetes/transport.ts';
import { type Autoscaler, Measurements } from './measurements.ts';

export const NAMESPACE = 'default';
const READY_TIMEOUT_MS = 1_200_000;

/** Many AuthClusters, made, watched and changed as their users would. */
export class Fleet {
  readonly #admin: Transport;
  readonly #cache: ObjectCache;
  readonly #names: readonly string[];
  readonly measurements: Measurements;

  constructor(admin: Transport, size: number) {
    this.#admin = admin;
    this.#names = Array.from({ length: size }, (_, index) => `auth-${String(index).padStart(3, '0')}`);
    this.#cache = new ObjectCache(admin, {
      kinds: [{ kind: KIND }, { kind: 'HorizontalPodAutoscaler' }],
      namespaces: [],
      now: Date.now,
      random: Math.random,
      onProblem: () => undefined,
    });
    this.measurements = new Measurements(admin, () => this.#cache.store<Autoscaler>('HorizontalPodAutoscaler').all());
  }

  get names(): readonly string[] {
    return this.#names;
  }

  async watch(signal: AbortSignal): Promise<void> {
    void this.#cache.run(signal);
    await this.#cache.untilSynced(signal);
    void this.measurements.write(signal);
  }

  /** `referenced` are objects that the spec names. */
  async create(spec: object, referenced: readonly { kind: string }[]): Promise<void> {
    for (const body of referenced) {
      await this.#admin.send({ method: 'POST', path: resourcePath(resourceOf(body.kind), NAMESPACE), body });
    }
    for (const name of this.#names) {
      const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: NAMESPACE }, spec };
      await this.#admin.send({ method: 'POST', path: resourcePath(resourceOf(KIND), NAMESPACE), body });
    }
  }

  /** Rejects when they do not all become Ready. */
  async untilReady(): Promise<void> {
    const deadlineMs = Date.now() + READY_TIMEOUT_MS;
    const isReady = ({ status }: AuthCluster) =>
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
    for (;;) {
      const waiting = this.#cache
        .store<AuthCluster>(KIND)
        .all()
        .filter((cluster) => !isReady(cluster));
      if (waiting.length === 0) return;
      if (Date.now() > deadlineMs) throw new Error(`${waiting.length} AuthClusters are not Ready`);
      await sleep(200);
    }
  }

  /** Changes one, and resolves to the milliseconds until that is seen in an object of it. */
  async change(name: string, maxReplicas: number): Promise<number> {
    const seen = Promise.withResolvers<number>();
    const store = this.#cache.store<Autoscaler>('HorizontalPodAutoscaler');
    store.onChange(({ type, object }) => {
      if (type === 'updated' && object.metadata.name === `${name}-gateway` && object.spec.maxReplicas === maxReplicas) {
        seen.resolve(performance.now());
      }
    });
    const sentMs = performance.now();
    await this.#admin.send({
      method: 'PATCH',
      path: resourcePath(resourceOf(KIND), NAMESPACE, name),
      contentType: 'application/merge-patch+json',
      body: { spec: { gateway: { autoscaling: { maxReplicas } } } },
    });
    return (await seen.promise) - sentMs;
  }
}
