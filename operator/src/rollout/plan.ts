import type { AuthCluster } from '../api/authcluster.ts';
import { type Deployment, isTakenUp, type Service } from '../kubernetes/objects.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { COLOR_LABEL, names, REVISION_ANNOTATION } from '../specs/names.ts';
import type { Observed } from '../status/observed.ts';
import { decideRollout } from './decide.ts';
import { appliedRevision, type Revision, revisionAnnotations, wantedRevision } from './revision.ts';
import { isUp } from './starting.ts';
import { type Color, type ColorState, opposite, type RolloutPlan, type RolloutRecord } from './terms.ts';
import { type Baseline, baselineSchema } from './traffic.ts';

const SWITCHED_AT = 'authcluster.dev/switched-at';
const BASELINE = 'authcluster.dev/baseline';
const REJECTED_REVISION = 'authcluster.dev/rejected-revision';
const REJECTED_MESSAGE = 'authcluster.dev/rejected-message';
const PROMOTE = 'authcluster.dev/promote';
const ABORT = 'authcluster.dev/abort';

export interface ServiceTold {
  serving: Color | undefined;
  /** Undefined where the Service was made by an operator of before, or somebody has changed what it remembers. */
  served: Revision | undefined;
  record: RolloutRecord;
}

export const COLORS: readonly Color[] = ['blue', 'green'];

/** The rollout of the auth API, as decided from what was observed. */
export function apiRollout(
  cluster: AuthCluster,
  observed: Observed,
  inputs: MigrationInputs,
  mayStart: boolean,
): RolloutPlan {
  const annotations = cluster.metadata.annotations ?? {};
  const { serving, served, record, check, baseline, traffic, health } = observed.api;
  const seen = {
    wanted: wantedRevision(cluster, inputs).name,
    serving,
    remembered: served?.name,
    colors: colorsOf(cluster, observed),
    record,
    mayStart,
    check,
    baseline,
    traffic,
    health,
  };
  const orders = { promote: annotations[PROMOTE], abort: annotations[ABORT] };
  return decideRollout(seen, cluster.spec.api.rollout, orders, observed.atMs);
}

/**
 * What has to be asked of the pods for the next decision: `measure` what those answer that are to lose the traffic,
 * `check` the new ones besides, or read the `traffic` of those that have got it.
 */
export interface Examination {
  kind: 'measure' | 'check' | 'traffic';
  candidate: Color;
}

export function nextExamination(
  cluster: AuthCluster,
  observed: Pick<Observed, 'deployments' | 'api'>,
  wanted: string,
): Examination | undefined {
  const { serving, record } = observed.api;
  if (serving === undefined || cluster.spec.api.rollout.strategy !== 'BlueGreen') return undefined;
  const colors = colorsOf(cluster, observed);
  const live = colors[serving];
  const candidate = opposite(serving);
  if (live === undefined) return undefined;
  if (record.switchedAtMs !== undefined && colors[candidate] !== undefined)
    return { kind: 'traffic', candidate: serving };
  if (live.revision === wanted) return undefined;
  return { kind: isUp(colors[candidate], wanted, live.size) ? 'check' : 'measure', candidate };
}

function colorsOf(cluster: AuthCluster, { deployments }: Pick<Observed, 'deployments'>) {
  const states: Partial<Record<Color, ColorState>> = {};
  for (const color of COLORS) {
    const deployment = deployments.get(names(cluster).apiDeployment(color));
    if (deployment !== undefined) states[color] = stateOf(deployment);
  }
  return states;
}

function stateOf(deployment: Deployment): ColorState {
  const { metadata, spec, status } = deployment;
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0 } = status ?? {};
  return {
    revision: metadata.annotations?.[REVISION_ANNOTATION],
    size: spec.replicas ?? 1,
    ready: readyReplicas,
    rolledOut: isTakenUp(deployment) && updatedReplicas >= replicas,
  };
}

/** What the Service tells: which colour has the traffic, what that was made, and what it remembers of the rollout. */
export function readService(service: Service | undefined): ServiceTold {
  const color = service?.spec?.selector?.[COLOR_LABEL];
  const annotations = service?.metadata.annotations ?? {};
  const switchedAtMs = Date.parse(annotations[SWITCHED_AT] ?? '');
  const revision = annotations[REJECTED_REVISION];
  const baseline = readBaseline(annotations[BASELINE]);
  return {
    serving: COLORS.find((each) => each === color),
    served: service && appliedRevision(service),
    record: {
      ...(Number.isNaN(switchedAtMs) ? {} : { switchedAtMs }),
      ...(baseline === undefined ? {} : { baseline }),
      ...(revision === undefined ? {} : { rejected: { revision, message: annotations[REJECTED_MESSAGE] ?? '' } }),
    },
  };
}

/** Undefined for one that somebody has changed: then there is nothing to compare with. */
function readBaseline(text: string | undefined): Baseline | undefined {
  try {
    return baselineSchema.safeParse(JSON.parse(text ?? 'null')).data;
  } catch {
    return undefined;
  }
}

/** `served` is what the colour that it selects is made, so that this is known when its Deployment is gone. */
export function serviceAnnotations(
  { switchedAtMs, baseline, rejected }: RolloutRecord,
  served: Revision | undefined,
): Record<string, string> {
  return {
    ...(served === undefined ? {} : revisionAnnotations(served)),
    ...(baseline === undefined ? {} : { [BASELINE]: JSON.stringify(baseline) }),
    ...(switchedAtMs === undefined ? {} : { [SWITCHED_AT]: new Date(switchedAtMs).toISOString() }),
    ...(rejected === undefined ? {} : { [REJECTED_REVISION]: rejected.revision, [REJECTED_MESSAGE]: rejected.message }),
  };
}
