import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import { KIND } from '../api/authcluster.ts';
import type { ExternalTier } from '../external/tier.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import { type Deployment, type Pod, splitKey } from '../kubernetes/objects.ts';
import { PRUNED_KINDS } from '../kubernetes/rbac.ts';
import { inSpan } from '../observability/spans.ts';
import { apiRevision, nextExamination } from '../rollout/plan.ts';
import { type Color, opposite } from '../rollout/terms.ts';
import { type Desired, desired } from '../specs/desired.ts';
import type { BuilderInputs, Credentials } from '../specs/inputs.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { COLOR_LABEL, names } from '../specs/names.ts';
import { generatedSecrets, readCredentials } from '../specs/secrets/credentials.ts';
import type { Observed } from '../status/observed.ts';
import { statusOf } from '../status/status.ts';
import { announcements, failureNote } from './announce.ts';
import type { Applier } from './applier.ts';
import type { ReconcileResult } from './controller.ts';
import { asLastHeard, asObserved, type ConversationOptions, converse, type ReadCredentials } from './conversation.ts';
import { SecretIncomplete } from './errors.ts';
import type { GeneratedSecrets, SecretValues } from './generated-secrets.ts';
import { stableHash } from './hash.ts';
import { observeObjects, type Surroundings } from './observe.ts';
import { externalFindings, externalInputs, lookOutside, somethingIsWrong } from './outside.ts';
import { ownershipChanges } from './ownership.ts';
import { Pass } from './pass.ts';
import { liveInputs, type PodInputOptions, podInputs } from './pod-inputs.ts';
import { unwanted } from './prune.ts';
import { lackingPods, lookForRefusals } from './refused-pods.ts';
import { tierOf } from './tiers.ts';

export interface ReconcilerOptions extends ConversationOptions, PodInputOptions {
  applier: Applier;
  secrets: GeneratedSecrets;
  events: EventRecorder;
  external: Pick<ExternalTier, keyof ExternalTier>;
  /** Where this operator runs. */
  operatorNamespace: string;
  random: () => number;
}

/** While a server is still coming together it is asked again this soon. */
const UNSETTLED_REQUEUE_MS = 1000;
/** While a rollout is checked and watched. */
const ROLLOUT_REQUEUE_MS = 2000;
/** Nobody tells when a Secret of somebody else was mended. */
const OUTSIDE_REQUEUE_MS = 5000;
/** Nor that pods may not be made, which events tell. */
const REFUSED_REQUEUE_MS = 5000;
/** Nor when pods have read a login anew. */
const ROTATION_REQUEUE_MS = 3000;
/** Redis tells nobody when its topology changes. */
const SETTLED_REQUEUE_MS = 30_000;

/** One AuthCluster, by key: observe, decide what should be there, apply it, prune the rest, tell how it is. */
export class Reconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, log: Logger): Promise<ReconcileResult> {
    const { namespace, name } = splitKey(key);
    const cluster = this.#options.cache.store<AuthCluster>(KIND).get(namespace, name);
    if (cluster === undefined) {
      this.#forget(key);
      return {};
    }
    // Owner references do the work of deletion.
    if (cluster.metadata.deletionTimestamp !== undefined) return {};

    const pass = new Pass();
    const around = observeObjects(this.#options.cache, cluster, this.#options.clock.now());
    if (cluster.spec.paused) return this.#watchOnly(cluster, around, pass);

    const read = await pass.attempt('credentials', undefined, () => this.#credentials(key, cluster, around));
    const credentials = read?.credentials;
    const talked =
      read === undefined || cluster.spec.hibernated
        ? undefined
        : await converse(this.#options, key, cluster, around, read, pass, log);
    const outside = cluster.spec.hibernated ? {} : await lookOutside(this.#options.external, key, cluster, pass);
    const inputs = await podInputs(this.#options, key, cluster, around, credentials?.derivationKey, pass);
    const refusals = await lookForRefusals(this.#options.client, around.objects, pass);
    const heard = { ...asObserved(around, cluster, talked, pass), ...externalFindings(outside), refusals };
    const observed =
      inputs === undefined ? heard : { ...heard, api: await this.#examineRollout(key, cluster, around, inputs, pass) };
    const plan =
      credentials === undefined || inputs === undefined
        ? undefined
        : await pass.attempt('plan', undefined, async () =>
            desired(cluster, observed, {
              ...inputs,
              credentials,
              external: externalInputs(outside),
              ...this.#surroundings(),
            }),
          );
    if (plan !== undefined) {
      await inSpan('apply', {}, () => this.#apply(key, plan, pass));
      if (credentials !== undefined) await this.#standBy(plan, around, credentials, pass, log);
      await this.#resize(cluster, plan, pass);
      await this.#prune(cluster, plan, pass, log);
      await this.#renewStatefulSet(cluster, around, pass, log);
    }
    const ended = { ...observed, failures: pass.failures };
    await pass.attempt('status', undefined, () => this.#writeStatus(cluster, ended, inputs));

    const requeueAfterMs = plan?.watching
      ? ROLLOUT_REQUEUE_MS
      : this.#requeueAfterMs(around, observed, talked?.redis?.whole ?? false);
    for (const failure of pass.failures) this.#options.events.record(cluster, failureNote(failure));
    pass.end(requeueAfterMs);
    return { requeueAfterMs };
  }

  /** Where this operator runs, and what the Kubernetes cluster knows by now: extensions may come later. */
  #surroundings(): Pick<BuilderInputs, 'operatorNamespace' | 'prometheusOperator' | 'seesNodes'> {
    const { cache, operatorNamespace } = this.#options;
    const prometheusOperator = !cache.isAbsent('PodMonitor') && !cache.isAbsent('PrometheusRule');
    return { operatorNamespace, prometheusOperator, seesNodes: cache.kinds().includes('Node') };
  }

  /** What the auth API's pods have to say about a rollout that is under way. */
  async #examineRollout(
    key: string,
    cluster: AuthCluster,
    { objects, pods }: Surroundings,
    inputs: MigrationInputs,
    pass: Pass,
  ): Promise<Observed['api']> {
    const { api } = this.#options;
    const asked = nextExamination(cluster, objects, apiRevision(cluster, inputs));
    if (asked === undefined || cluster.spec.hibernated) return objects.api;
    const candidate = ofColor(pods.api, asked.candidate);
    const other = ofColor(pods.api, opposite(asked.candidate));
    const answer = await pass.attempt('rollout', 'api', async () => {
      if (asked.kind === 'traffic') return { traffic: await api.traffic(candidate) };
      if (asked.kind === 'check') {
        return { check: await api.check(candidate), baseline: await api.baseline(key, candidate, other) };
      }
      await api.measure(key, other);
      return {};
    });
    return { ...objects.api, ...answer };
  }

  /** Once the traffic has moved; before what has lost it may be deleted. */
  async #standBy(
    { standingBy }: Desired,
    { pods }: Surroundings,
    { api: { operationsToken } }: Credentials,
    pass: Pass,
    log: Logger,
  ): Promise<void> {
    if (standingBy === undefined || pass.failed) return;
    const deaf = await this.#options.api.standBy(ofColor(pods.api, standingBy), operationsToken);
    if (deaf.length > 0) log.warn({ pods: deaf }, 'pods that have lost the traffic could not be told');
  }

  /** Of a paused AuthCluster nothing is changed but its status. */
  async #watchOnly(cluster: AuthCluster, around: Surroundings, pass: Pass): Promise<ReconcileResult> {
    const inputs = await liveInputs(this.#options, cluster, around, pass);
    await pass.attempt('status', undefined, () =>
      this.#writeStatus(cluster, asLastHeard(around, cluster, pass), inputs),
    );
    pass.end();
    return { requeueAfterMs: SETTLED_REQUEUE_MS };
  }

  #forget(key: string): void {
    const { applier, secrets, references, api, postgres, mover, poolerPaths, redis, external } = this.#options;
    const parts = [applier, secrets, references, api, postgres, mover, poolerPaths, redis, external];
    for (const part of parts) part.forget(key);
  }

  /** All generated Secrets, made where missing, and whether they outlive the AuthCluster settled. */
  async #credentials(key: string, cluster: AuthCluster, around: Surroundings): Promise<ReadCredentials> {
    const { secrets, clock, randomBytes, cache, client } = this.#options;
    const { namespace } = cluster.metadata;
    const values: Record<string, SecretValues> = {};
    for (const { name, generate } of generatedSecrets(cluster)) {
      values[name] = await secrets.ensure(key, name, () => generate(randomBytes, new Date(clock.now())));
    }
    const live = Object.keys(values).map((name) => cache.store('Secret').get(namespace, name));
    const kept = [...live.filter((secret) => secret !== undefined), ...around.patroniObjects];
    for (const { object, patch } of ownershipChanges(cluster, kept)) {
      const changed = await client.mergePatch(object, patch);
      if (typeof changed === 'object') cache.note(changed);
    }
    const outcome = readCredentials(cluster, values);
    if (outcome.kind === 'incomplete') throw new SecretIncomplete(outcome.secret, outcome.key);
    return { credentials: outcome.credentials, values: new Map(Object.entries(values)) };
  }

  /** Tiers at the same time, the objects of one in their order: what comes first may be needed by what follows. */
  async #apply(key: string, plan: Desired, pass: Pass): Promise<void> {
    const byTier = Map.groupBy(plan.objects, (object) => tierOf(object));
    await Promise.all(
      [...byTier].map(async ([tier, objects]) => {
        for (const object of objects) {
          const step = `apply ${object.kind} ${object.metadata.name}`;
          await pass.settle(step, tier, () => this.#options.applier.apply(key, object));
        }
      }),
    );
  }

  async #resize(cluster: AuthCluster, plan: Desired, pass: Pass): Promise<void> {
    const { cache, client } = this.#options;
    for (const [name, size] of plan.sizes) {
      const live = cache.store<Deployment>('Deployment').get(cluster.metadata.namespace, name);
      if (live === undefined) continue;
      const present = live.spec.replicas ?? 1;
      const replicas = 'exactly' in size ? size.exactly : Math.max(present, size.atLeast);
      if (replicas === present) continue;
      await pass.attempt(`scale Deployment ${name}`, tierOf(live), async () => {
        const scaled = await client.mergePatch(live, { spec: { replicas } });
        if (typeof scaled === 'object') cache.note(scaled);
      });
    }
  }

  async #prune(cluster: AuthCluster, plan: Desired, pass: Pass, log: Logger): Promise<void> {
    const { cache, client } = this.#options;
    const { namespace, name, uid } = cluster.metadata;
    const live = PRUNED_KINDS.flatMap((kind) => cache.store(kind).ofInstance(namespace, name));
    const wanted = [...plan.objects, ...plan.kept];
    const { held, replacing } = plan;
    for (const object of unwanted({ ownerUid: uid, live, wanted, held, replacing })) {
      await pass.attempt(`delete ${object.kind} ${object.metadata.name}`, tierOf(object), async () => {
        const outcome = await client.delete(object);
        // The watch may be late to tell; what is gone is not to be deleted again and again meanwhile.
        if (outcome === 'gone') cache.store(object.kind).remove(object);
        log.info({ kind: object.kind, name: object.metadata.name, outcome }, 'deleted what is no longer wanted');
      });
    }
  }

  /**
   * Deletes the database's StatefulSet and not its pods, so that the next pass makes it anew with what cannot be changed
   * in place. Last in a pass, and begun again by the next one, until the watch has told that it is gone.
   */
  async #renewStatefulSet(cluster: AuthCluster, { objects }: Surroundings, pass: Pass, log: Logger): Promise<void> {
    const live = objects.statefulSets.get(names(cluster).postgres);
    if (!objects.volumes.renewTemplate || live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    await pass.attempt(`renew StatefulSet ${live.metadata.name}`, 'database', async () => {
      const outcome = await this.#options.client.delete(live, 'Orphan');
      log.info({ name: live.metadata.name, outcome }, 'deleted a StatefulSet around its pods, to be made anew');
    });
  }

  async #writeStatus(cluster: AuthCluster, observed: Observed, inputs: MigrationInputs | undefined): Promise<void> {
    const { client, cache, clock, events } = this.#options;
    const status = statusOf(cluster, observed, inputs, new Date(clock.now()));
    if (stableHash(status) === stableHash(cluster.status)) return;
    const { apiVersion, kind, metadata } = cluster;
    cache.note(await client.applyStatus({ apiVersion, kind, metadata, status }));
    for (const note of announcements(cluster.status, status)) events.record(cluster, note);
  }

  #requeueAfterMs(around: Surroundings, observed: Observed, redisWhole: boolean): number {
    const someRedisRuns = around.pods.redis.some(({ status }) => status?.podIP !== undefined);
    const awaitsAccounts = !observed.accountsReady && observed.patroni.leader !== undefined;
    const paths = Object.values(observed.poolerPaths ?? {}).map(({ kind }) => kind);
    const awaitsPath = paths.includes('unknown') && around.pods.poolers.length > 0;
    const isMoving = observed.moves.next.kind !== 'none' || observed.volumes.renewTemplate;
    const isUnsettled = awaitsAccounts || awaitsPath || isMoving || (someRedisRuns && !redisWhole);
    if (isUnsettled) return UNSETTLED_REQUEUE_MS;
    if (observed.credentials !== undefined && observed.credentials.stage !== 'Settled') return ROTATION_REQUEUE_MS;
    if (lackingPods(observed).length > 0) return REFUSED_REQUEUE_MS;
    if (somethingIsWrong(observed) || paths.includes('broken')) return OUTSIDE_REQUEUE_MS;
    return SETTLED_REQUEUE_MS * (1 + this.#options.random() / 5);
  }
}

function ofColor(pods: readonly Pod[], color: Color): Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.[COLOR_LABEL] === color);
}
