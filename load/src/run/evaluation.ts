import { availableParallelism } from 'node:os';
import type { ScaledShape } from '../../scenarios/scenario-shapes.ts';
import type { K6Summary } from '../../scenarios/summary.ts';
import { type Calibration, hashMs } from '../plan/calibration.ts';
import { predictedApiCpu, predictedTierCores } from '../plan/prediction.ts';
import { intervalsWithin, judgedPart, looksWithin, type Span } from './judged-part.ts';
import { endpointResults, mean, ratesOf, totalsOf } from './judgement.ts';
import type { RequestInterval } from './request-series.ts';
import type { RunOptions } from './run-options.ts';
import type { RunResult, TierCores, Totals } from './run-result.ts';
import type { Sample } from './samples.ts';
import { objectivesOf, verdictsOf } from './verdicts.ts';

/** A run that is over, and all that was seen of it. */
export interface PlayedRun {
  readonly options: RunOptions;
  readonly shape: ScaledShape;
  readonly calibration: Calibration;
  readonly startedAtMs: number;
  readonly summary: K6Summary;
  /** What k6 itself says of the thresholds in the scenario. */
  readonly thresholdsMet: boolean;
  readonly intervals: readonly RequestInterval[];
  readonly samples: readonly Sample[];
}

/** What it amounts to, beside what the planner's model says of the same rates. */
export function evaluated(run: PlayedRun): RunResult {
  const { options, shape, startedAtMs, summary, thresholdsMet, intervals, samples } = run;
  const endpoints = endpointResults(summary);
  const judged = judgedPart(options.scenario, shape, scenarioStartSeconds(run));
  const looks = judged.spans.map((span) => looksWithin(samples, span));
  const measured = totalsOf(summary, looks);
  const totals = { ...measured, ...modelled(run, judged.spans, { totals: measured, looks: looks.flat() }) };
  return {
    version: 1,
    scenario: { name: options.scenario, ...shape, scale: options.scale },
    startedAt: new Date(startedAtMs).toISOString(),
    baseUrl: options.baseUrl,
    system: systemOf(options),
    endpoints,
    totals,
    judged,
    verdicts: verdictsOf(endpoints, totals, {
      isClusterWatched: options.cluster !== undefined,
      thresholdsMet: thresholdsMet || isByEndpointAlone(summary),
    }),
    objectives: objectivesOf(endpoints),
    intervals,
    samples,
  };
}

/** Whether all that k6 misses are errors by endpoint, which it cannot judge by their number where requests are few. */
function isByEndpointAlone({ metrics }: K6Summary): boolean {
  const missed = Object.entries(metrics).filter(([, { thresholds = {} }]) =>
    Object.values(thresholds).some(({ ok }) => !ok),
  );
  return missed.length > 0 && missed.every(([name]) => name.startsWith('http_req_failed{name:'));
}

/** A storm tells when its users began. */
function scenarioStartSeconds({ summary, startedAtMs }: PlayedRun): number {
  const beganAtMs = summary.metrics.scenario_start?.values.min;
  return beganAtMs === undefined ? 0 : (beganAtMs - startedAtMs) / 1000;
}

function modelled(
  { options, calibration, intervals }: PlayedRun,
  spans: readonly Span[],
  { totals: measured, looks }: { readonly totals: Totals; readonly looks: readonly Sample[] },
): Partial<Totals> {
  const judged = spans.flatMap((span) => intervalsWithin(intervals, span));
  const rates = ratesOf(judged, {
    localHitShare: measured.memoryHitShare ?? 0,
    pods: mean(looks.map(({ api }) => api?.pods)) ?? 0,
  });
  const predicted = predictedApiCpu(rates, calibration, options.hashing);
  const hashing = hashingShareOfMachine(
    rates.loginsPerSecond,
    measured.machineUtilisation,
    hashMs(calibration, options.hashing),
  );
  return {
    ...(hashing === undefined ? {} : { hashingShareOfMachine: hashing }),
    predictedApiCpuCores: predicted.cores,
    predictedHashingShare: predicted.hashingShare,
    tierCores: tierCoresOf(looks, (postgresPods) =>
      predictedTierCores(rates, postgresPods, calibration, options.hashing),
    ),
  };
}

/** Means of the part that is judged, for the tiers that were seen. */
function tierCoresOf(
  looks: readonly Sample[],
  predictedBy: (postgresPods: number) => Record<string, number>,
): Record<string, TierCores> {
  const predicted = predictedBy(mean(looks.map(({ tiers }) => tiers?.postgres?.pods)) ?? 1);
  return Object.fromEntries(
    Object.entries(predicted).flatMap(([tier, cores]) => {
      const measured = mean(looks.map(({ tiers }) => tiers?.[tier]?.cpuCores));
      return measured === undefined ? [] : [[tier, { measured, predicted: cores }]];
    }),
  );
}

/** Of all CPU that is used on the machine, where the load is made on the one under test. */
function hashingShareOfMachine(loginsPerSecond: number, utilisation: number | undefined, eachMs: number) {
  if (utilisation === undefined || utilisation === 0) return undefined;
  return (loginsPerSecond * eachMs) / 1000 / (utilisation * availableParallelism());
}

function systemOf({ cluster, note }: RunOptions): string {
  const system = cluster === undefined ? 'auth API' : `AuthCluster ${cluster.namespace}/${cluster.name}`;
  return note === '' ? system : `${system}: ${note}`;
}
