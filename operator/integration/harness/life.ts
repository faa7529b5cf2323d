import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthCluster } from '../../src/api/authcluster.ts';
import type { LiveObject } from '../../src/kubernetes/objects.ts';
import { MANAGED_KINDS } from '../../src/kubernetes/rbac.ts';
import { resourceOf, resourcePath } from '../../src/kubernetes/resources.ts';
import type { Transport } from '../../src/kubernetes/transport.ts';
import type { Tiers } from '../../src/operator.ts';
import { accessTo, type ControlPlane } from './control-plane.ts';
import { OperatorInstance } from './operator-instance.ts';
import { SkippableClock } from './skippable-clock.ts';
import { comparable } from './snapshot.ts';
import type { Workloads } from './workloads.ts';

const NAME = 'acme';
/** Kinds that others than the operator write to. */
const SHARED_KINDS = ['Deployment', 'StatefulSet', 'Job', 'Pod', 'ConfigMap', 'AuthCluster'];
/** Reached by what is stuck alone: machines that run everything at once are slow. */
const REST_TIMEOUT_MS = 300_000;
/** Longer than any bake time here, and than the operator waits before it looks at a settled AuthCluster again. */
const SKIPPED_MS = 61_000;

/** One AuthCluster in a namespace of its own, and the operators that care for it. */
export class Life {
  readonly namespace = `life-${randomBytes(5).toString('hex')}`;
  readonly clock = new SkippableClock();
  readonly admin: Transport;
  operators: OperatorInstance[] = [];
  /** What a new operator begins with. */
  prepare: (operator: OperatorInstance) => void = () => undefined;
  readonly #plane: ControlPlane;
  readonly #workloads: Workloads;
  readonly #tiers: Partial<Tiers>;

  constructor(plane: ControlPlane, workloads: Workloads, tiers: Partial<Tiers> = {}) {
    this.#plane = plane;
    this.#workloads = workloads;
    this.#tiers = tiers;
    this.admin = accessTo(plane, 'admin');
  }

  async begin(spec: object): Promise<void> {
    await this.#post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
    await this.#post(this.#path('AuthCluster'), {
      apiVersion: 'authcluster.dev/v1alpha1',
      kind: 'AuthCluster',
      metadata: { name: NAME, namespace: this.namespace },
      spec,
    });
  }

  async addOperator(): Promise<OperatorInstance> {
    const through = accessTo(this.#plane, 'operator');
    const operator = new OperatorInstance(through, [this.namespace], this.clock, this.#tiers);
    this.prepare(operator);
    this.operators.push(operator);
    await operator.start();
    return operator;
  }

  /** Another process takes the place of one that was killed. */
  async restart(): Promise<void> {
    for (const operator of this.operators.splice(0)) operator.kill();
    await this.addOperator();
  }

  /** Replaces the whole spec, as `kubectl replace` does. Rejects where the API server refuses. */
  async change(spec: object, query: Record<string, string> = {}): Promise<void> {
    const path = this.#path('AuthCluster', NAME);
    const { apiVersion, kind, metadata } = (await this.admin.send({ method: 'GET', path })) as AuthCluster;
    await this.admin.send({ method: 'PUT', path, query, body: { apiVersion, kind, metadata, spec } });
  }

  /** As another field manager than the operator. */
  async patch(kind: string, name: string, body: object, fieldManager: string): Promise<void> {
    const [path, contentType] = [this.#path(kind, name), 'application/merge-patch+json'];
    await this.admin.send({ method: 'PATCH', path, query: { fieldManager }, contentType, body });
  }

  async delete(kind: string, name: string): Promise<void> {
    await this.admin.send({ method: 'DELETE', path: this.#path(kind, name) });
  }

  async cluster(): Promise<AuthCluster> {
    return (await this.admin.send({ method: 'GET', path: this.#path('AuthCluster', NAME) })) as AuthCluster;
  }

  /** None of kinds that this API server does not know. */
  async objects(kind: string): Promise<LiveObject[]> {
    if (resourceOf(kind).extension !== undefined) return [];
    const list = await this.admin.send({ method: 'GET', path: this.#path(kind) });
    return (list as { items: LiveObject[] }).items.map((item) => ({ ...item, kind }));
  }

  /** Until nothing more happens however long one waits. */
  async toRest(): Promise<void> {
    for (let rounds = 0; rounds < 20; rounds += 1) {
      await this.untilQuiet();
      const before = this.#writes();
      this.clock.skip(SKIPPED_MS);
      await this.untilQuiet();
      if (this.#writes() === before) return;
    }
    throw new Error(`the operator goes on writing:\n${this.#story()}`);
  }

  /** Until there is nothing to do but to wait. */
  async untilQuiet(): Promise<void> {
    const deadlineMs = Date.now() + REST_TIMEOUT_MS;
    while (!(this.#isIdle() && (await this.#isUpToDate()) && this.#isIdle())) {
      if (Date.now() > deadlineMs) throw new Error(`the operator does not come to rest:\n${this.#story()}`);
      await sleep(50);
    }
  }

  /** All objects but for what no two runs share: identities, versions, times. */
  async snapshot(): Promise<Record<string, unknown>> {
    const lists = await Promise.all(['AuthCluster', ...MANAGED_KINDS].map((kind) => this.objects(kind)));
    return comparable(lists.flat(), this.namespace);
  }

  async end(): Promise<void> {
    for (const operator of this.operators) operator.kill();
    for (const kind of ['AuthCluster', ...MANAGED_KINDS, 'Pod']) {
      if (resourceOf(kind).extension !== undefined) continue;
      await this.admin.send({ method: 'DELETE', path: this.#path(kind), query: { gracePeriodSeconds: '0' } });
    }
  }

  #isIdle(): boolean {
    // Work that was put off for a moment only (a burst that is gathered, a retry) is work.
    return (
      this.operators.length > 0 &&
      this.operators.every(({ isIdle }) => isIdle) &&
      !this.#workloads.isBusy(this.namespace) &&
      this.clock.idleMs > 900
    );
  }

  /** Whether everybody has heard of what everybody else has written. */
  async #isUpToDate(): Promise<boolean> {
    // An API server that has just come back refuses some kinds for a while.
    const lists = await Promise.all(SHARED_KINDS.map((kind) => this.objects(kind))).catch(() => undefined);
    if (lists === undefined) return false;
    const caches = [this.#workloads.cache, ...this.operators.map(({ operator }) => operator.cache)];
    return SHARED_KINDS.every((kind, index) => {
      const live = lists[index] ?? [];
      return caches
        .filter((cache) => cache.kinds().includes(kind))
        .every((cache) => {
          const known = cache
            .store(kind)
            .all()
            .filter(({ metadata }) => metadata.namespace === this.namespace);
          const versions = new Map(known.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
          const watched = live.filter(({ metadata }) => kind === 'AuthCluster' || isLabelled(metadata.labels));
          return (
            watched.length === versions.size &&
            watched.every(({ metadata }) => versions.get(metadata.name) === metadata.resourceVersion)
          );
        });
    });
  }

  #writes(): number {
    return this.operators.flatMap(({ transport }) => transport.calls).filter((call) => !call.startsWith('GET')).length;
  }

  #story(): string {
    const last = this.operators.flatMap(({ transport }) => transport.calls.slice(-10));
    return [...last, ...this.operators.flatMap(({ warnings }) => warnings)].join('\n');
  }

  #path(kind: string, name?: string): string {
    return resourcePath(resourceOf(kind), this.namespace, name);
  }

  async #post(path: string, body: object): Promise<void> {
    await this.admin.send({ method: 'POST', path, body });
  }
}

function isLabelled(labels: Record<string, string> = {}): boolean {
  return labels['app.kubernetes.io/name'] === 'authcluster';
}
