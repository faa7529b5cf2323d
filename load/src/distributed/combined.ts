import { SCENARIOS, type ScenarioName, scaledShape } from '../../scenarios/scenario-shapes.ts';
import type { K6Summary } from '../../scenarios/summary.ts';
import { judgedPart, looksWithin } from '../run/judged-part.ts';
import { endpointResults, totalsOf } from '../run/judgement.ts';
import type { RunResult } from '../run/run-result.ts';
import { objectivesOf, verdictsOf } from '../run/verdicts.ts';
import { mergedSummary, type RunnerSummary } from './merged-summary.ts';

/**
 * One result of a distributed run: requests of all runners, and the system as the small run beside them saw it.
 * @throws RangeError where a runner is missing, or what is given does not belong together
 */
export function combined(beside: RunResult, runners: readonly RunnerSummary[]): RunResult {
  const users = checkedUsers(beside, runners);
  const summary = mergedSummary(runners);
  const judged = judgedOf(beside, summary);
  const endpoints = endpointResults(summary);
  const looks = judged.spans.map((span) => looksWithin(beside.samples, span));
  const totals = totalsOf(summary, looks);
  const fullUsers = SCENARIOS[beside.scenario.name as ScenarioName].users;
  return {
    ...beside,
    scenario: { ...beside.scenario, users, scale: users / fullUsers },
    system:
      `${beside.system}; requests of ${runners.length} runners together, percentiles the highest of any runner's; ` +
      'what is drawn of requests is of the users of the run beside them',
    endpoints,
    totals,
    judged,
    verdicts: verdictsOf(endpoints, totals, { isClusterWatched: true, thresholdsMet: true }),
    objectives: objectivesOf(endpoints),
  };
}

function checkedUsers({ scenario }: RunResult, runners: readonly RunnerSummary[]): number {
  const [first] = runners;
  if (first === undefined) throw new RangeError('no runner has said anything: give the logs of all of them, whole');
  const { name, users, timeScale } = first.scenario;
  if (name !== scenario.name || timeScale !== scenario.timeScale) {
    throw new RangeError(`runners played ${name} (time scale ${timeScale}), and the run beside them another scenario`);
  }
  const seen = runners.reduce((sum, { metrics }) => sum + (metrics.vus_max?.values.max ?? 0), 0);
  if (seen !== users)
    throw new RangeError(`there are summaries of ${seen} of the ${users} users: give all runners' logs`);
  return users;
}

/** A storm's windows are those of its runners, which do not start when the run beside them does. */
function judgedOf({ scenario, startedAt, judged }: RunResult, { metrics }: K6Summary): RunResult['judged'] {
  const beganAtMs = metrics.scenario_start?.values.min;
  if (beganAtMs === undefined) return judged;
  const name = scenario.name as ScenarioName;
  return judgedPart(name, scaledShape(name, scenario), (beganAtMs - Date.parse(startedAt)) / 1000);
}
