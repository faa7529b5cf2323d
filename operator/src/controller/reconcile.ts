import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import { KIND } from '../api/authcluster.ts';
import type { ExternalTier } from '../external/tier.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import { splitKey } from '../kubernetes/objects.ts';
import { nextExamination } from '../rollout/plan.ts';
import { wantedRevision } from '../rollout/revision.ts';
import { opposite } from '../rollout/terms.ts';
import { desired } from '../specs/desired.ts';
import type { BuilderInputs } from '../specs/inputs.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { oncePer } from '../specs/once-per.ts';
import type { Observed } from '../status/observed.ts';
import { statusOf } from '../status/status.ts';
import { announcements, failureNote } from './announce.ts';
import type { Applier } from './applier.ts';
import { carryOut } from './carry-out.ts';
import type { ReconcileResult } from './controller.ts';
import { type ConversationOptions, converse } from './conversation.ts';
import { ensureCredentials } from './ensure-credentials.ts';
import { Exposures } from './exposures.ts';
import type { GeneratedSecrets } from './generated-secrets.ts';
import { stableHash } from './hash.ts';
import { asLastHeard, asObserved } from './heard.ts';
import { observeObjects, type Surroundings } from './observe.ts';
import { externalFindings, externalInputs, lookOutside } from './outside.ts';
import { Pass } from './pass.ts';
import { liveInputs, type PodInputOptions, podInputs } from './pod-inputs.ts';
import { lookForRefusals } from './refused-pods.ts';
import { pausedRequeueMs, ROLLOUT_REQUEUE_MS, requeueAfterMs, UNSEEN_REQUEUE_MS } from './requeue.ts';
import { ofColor } from './tiers.ts';

export interface ReconcilerOptions extends ConversationOptions, PodInputOptions {
  applier: Applier;
  secrets: GeneratedSecrets;
  events: EventRecorder;
  external: Pick<ExternalTier, keyof ExternalTier>;
  /** Where this operator runs. */
  operatorNamespace: string;
  random: () => number;
}

/** One AuthCluster, by key: observe, decide what should be there, apply it, prune the rest, tell how it is. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #exposures = new Exposures();

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

    if (!this.#options.cache.sees(namespace)) return { requeueAfterMs: UNSEEN_REQUEUE_MS };

    const pass = new Pass();
    const around = this.#lookAround(key, cluster);
    if (cluster.spec.paused) return this.#watchOnly(cluster, around, pass);

    const read = await pass.attempt('credentials', undefined, () =>
      ensureCredentials(this.#options, key, cluster, around),
    );
    const credentials = read?.credentials;
    const asleep = cluster.spec.hibernated;
    // At the same time: whoever has changed the spec waits for the slowest of them, not for their sum.
    const [talked, outside, inputs, refusals] = await Promise.all([
      read === undefined || asleep ? undefined : converse(this.#options, key, cluster, around, read, pass, log),
      asleep ? {} : lookOutside(this.#options.external, key, cluster, pass),
      podInputs(this.#options, key, cluster, around, credentials?.derivationKey, pass),
      lookForRefusals(this.#options.client, around.objects, pass),
    ]);
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
    const workloadsChanged =
      plan !== undefined &&
      credentials !== undefined &&
      (await carryOut(this.#options, { key, cluster, around, credentials, plan }, pass, log));
    const ended = { ...observed, failures: pass.failures, workloadsChanged };
    await pass.attempt('status', undefined, () => this.#writeStatus(cluster, ended, inputs));

    const lookAgainMs = plan?.watching
      ? ROLLOUT_REQUEUE_MS
      : requeueAfterMs(around, observed, talked?.redis?.whole ?? false, this.#options.random);
    for (const failure of pass.failures) this.#options.events.record(cluster, failureNote(failure));
    pass.end(lookAgainMs);
    return { requeueAfterMs: lookAgainMs };
  }

  #lookAround(key: string, cluster: AuthCluster): Surroundings {
    const { cache, clock } = this.#options;
    const around = observeObjects(cache, cluster, clock.now());
    const unexposedGateway = this.#exposures.look(key, cache, cluster, around.objects.atMs);
    return { ...around, objects: { ...around.objects, unexposedGateway } };
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
    const asked = nextExamination(cluster, objects, wantedRevision(cluster, inputs).name);
    if (asked === undefined || cluster.spec.hibernated) return objects.api;
    const candidate = ofColor(pods.api, asked.candidate);
    const other = ofColor(pods.api, opposite(asked.candidate));
    const answer = await pass.attempt('rollout', 'api', async () => {
      if (asked.kind === 'traffic') return { traffic: await api.traffic(candidate) };
      if (asked.kind === 'check') {
        const { minimumRequests } = cluster.spec.api.rollout.errorBudget;
        const check = await api.check(key, candidate);
        return { check, baseline: await api.baseline(key, candidate, other, minimumRequests) };
      }
      await api.measure(key, other);
      return {};
    });
    return { ...objects.api, ...answer };
  }

  /** Of a paused AuthCluster nothing is changed but its status. */
  async #watchOnly(cluster: AuthCluster, around: Surroundings, pass: Pass): Promise<ReconcileResult> {
    const inputs = await liveInputs(this.#options, cluster, around, pass);
    const refusals = await lookForRefusals(this.#options.client, around.objects, pass);
    const heard = { ...asLastHeard(around, cluster, pass), refusals };
    await pass.attempt('status', undefined, () => this.#writeStatus(cluster, heard, inputs));
    pass.end();
    return { requeueAfterMs: pausedRequeueMs(around.objects) };
  }

  #forget(key: string): void {
    const { applier, secrets, references, api, postgres, mover, poolerPaths, redis, external } = this.#options;
    const parts = [applier, secrets, references, api, postgres, mover, poolerPaths, redis, external];
    for (const part of [...parts, this.#exposures]) part.forget(key);
  }

  async #writeStatus(cluster: AuthCluster, observed: Observed, inputs: MigrationInputs | undefined): Promise<void> {
    const { client, cache, clock, events } = this.#options;
    const status = statusOf(cluster, observed, inputs, new Date(clock.now()));
    if (stableHash(status) === statusHash(cluster)) return;
    const { apiVersion, kind, metadata } = cluster;
    cache.note(await client.applyStatus({ apiVersion, kind, metadata, status }));
    for (const note of announcements(cluster.status, status)) events.record(cluster, note);
  }
}

const statusHash = oncePer(({ status }: AuthCluster) => stableHash(status));
