import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthCluster } from '../../src/api/authcluster.ts';
import type { ObjectCache } from '../../src/kubernetes/cache.ts';
import type { LiveObject } from '../../src/kubernetes/objects.ts';
import { MANAGED_KINDS } from '../../src/kubernetes/rbac.ts';
import { resourceOf, resourcePath } from '../../src/kubernetes/resources.ts';
import type { Transport } from '../../src/kubernetes/transport.ts';
import type { Tiers } from '../../src/operator.ts';
import { accessTo, type ControlPlane } from './control-plane.ts';
import { isAsListed } from './listed.ts';
import { OperatorInstance } from './operator-instance.ts';
import { SkippableClock } from './skippable-clock.ts';
import { comparable } from './snapshot.ts';
import type { Workloads } from './workloads.ts';

const NAME = 'acme';
/** Of somebody else, and what samples refer to. */
const SECRETS = { 'auth-administrator': { username: 'root', password: 'correct horse' } };
/** Kinds that others than the operator write to. */
const SHARED_KINDS = ['Deployment', 'StatefulSet', 'Job', 'Pod', 'ConfigMap', 'AuthCluster'];
/** Reached by what is stuck alone: machines that run everything at once are slow. */
const REST_TIMEOUT_MS = 300_000;
/** Longer than any bake time here, and than the operator waits before it looks at a settled AuthCluster again. */
const SKIPPED_MS = 61_000;
const MOMENT_MS = 900;
const LOOK_AGAIN_MS = 5;

/** One AuthCluster in a namespace of its own, and the operators that care for it. */
export class Life {
  readonly namespace = `life-${randomBytes(5).toString('hex')}`;
  readonly clock: SkippableClock;
  readonly admin: Transport;
  operators: OperatorInstance[] = [];
  /** What a new operator begins with. */
  prepare: (operator: OperatorInstance) => void = () => undefined;
  readonly #plane: ControlPlane;
  readonly #workloads: Workloads;
  readonly #tiers: Partial<Tiers>;

  /** With a clock that stands the operator looks only when everything else is done: the same in every run. */
  constructor(plane: ControlPlane, workloads: Workloads, clock = new SkippableClock(), tiers: Partial<Tiers> = {}) {
    this.#plane = plane;
    this.#workloads = workloads;
    this.#tiers = tiers;
    this.clock = clock;
    this.admin = workloads.ledger.recording(accessTo(plane, 'admin'));
  }

  async begin(spec: object): Promise<void> {
    this.#workloads.serve(this.namespace);
    await this.#post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
    for (const [name, stringData] of Object.entries(SECRETS)) {
      await this.#post(this.#path('Secret'), { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData });
    }
    await this.#post(this.#path('AuthCluster'), {
      apiVersion: 'authcluster.dev/v1alpha1',
      kind: 'AuthCluster',
      metadata: { name: NAME, namespace: this.namespace },
      spec,
    });
  }

  async addOperator(): Promise<OperatorInstance> {
    const through = this.#workloads.ledger.recording(accessTo(this.#plane, 'operator'));
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
    for (;;) {
      const isDone = this.#isIdle() && (await this.#isUpToDate()) && this.#isIdle();
      // Work that was put off for a moment only (a burst that is gathered, a retry) is work.
      if (isDone && this.clock.idleMs > MOMENT_MS) return;
      if (isDone && !this.clock.runs) this.clock.skip(this.clock.idleMs);
      if (Date.now() > deadlineMs) throw new Error(`the operator does not come to rest:\n${this.#story()}`);
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** All objects but for what no two runs share: identities, versions, times. */
  async snapshot(): Promise<Record<string, unknown>> {
    const lists = await Promise.all(['AuthCluster', ...MANAGED_KINDS].map((kind) => this.objects(kind)));
    return comparable(lists.flat(), this.namespace);
  }

  async end(): Promise<void> {
    for (const operator of this.operators) operator.kill();
    const query = { gracePeriodSeconds: '0' };
    const remove = (kind: string) => this.admin.send({ method: 'DELETE', path: this.#path(kind), query });
    const kinds = ['AuthCluster', ...MANAGED_KINDS].filter((kind) => resourceOf(kind).extension === undefined);
    await Promise.all(kinds.map(remove));
    // Last, since they would come back under a StatefulSet.
    await remove('Pod');
    this.#workloads.ledger.forget(this.namespace);
  }

  #isIdle(): boolean {
    return (
      this.operators.length > 0 &&
      this.operators.every(({ isIdle }) => isIdle) &&
      !this.#workloads.isBusy(this.namespace) &&
      !this.#workloads.ledger.isUnderWay(this.namespace)
    );
  }

  /** Whether everybody has heard of what everybody else has written. */
  async #isUpToDate(): Promise<boolean> {
    const caches = this.#caches();
    const unheard = caches.map((cache) => this.#workloads.ledger.unknownTo(cache, this.namespace));
    return unheard.includes(undefined) ? this.#isAsListed(caches) : unheard.flat().length === 0;
  }

  #caches(): ObjectCache[] {
    return [this.#workloads.cache, ...this.operators.map(({ operator }) => operator.cache)];
  }

  async #isAsListed(caches: readonly ObjectCache[]): Promise<boolean> {
    // An API server that has just come back refuses some kinds for a while.
    const lists = await Promise.all(SHARED_KINDS.map((kind) => this.objects(kind))).catch(() => undefined);
    if (lists === undefined) return false;
    const listed = new Map(SHARED_KINDS.map((kind, index) => [kind, lists[index] ?? []]));
    return caches.every((cache) => isAsListed(cache, this.namespace, listed));
  }

  #writes(): number {
    return this.operators.flatMap(({ transport }) => transport.calls).filter((call) => !call.startsWith('GET')).length;
  }

  #story(): string {
    const last = this.operators.flatMap(({ transport }) => transport.calls.slice(-10));
    return [...this.#waitedFor(), ...last, ...this.operators.flatMap(({ warnings }) => warnings)].join('\n');
  }

  #waitedFor(): string[] {
    const { ledger } = this.#workloads;
    const unheard = this.#caches().flatMap((cache) => ledger.unknownTo(cache, this.namespace) ?? ['a lost answer']);
    return [
      ...this.operators.filter(({ isIdle }) => !isIdle).map(() => 'an operator is at work'),
      ...(this.#workloads.isBusy(this.namespace) ? ['workloads are at work'] : []),
      ...(ledger.isUnderWay(this.namespace) ? ['calls are under way'] : []),
      ...unheard.map((what) => `not heard of: ${what}`),
    ];
  }

  #path(kind: string, name?: string): string {
    return resourcePath(resourceOf(kind), this.namespace, name);
  }

  async #post(path: string, body: object): Promise<void> {
    await this.admin.send({ method: 'POST', path, body });
  }
}
