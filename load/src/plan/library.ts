import { type AuthClusterResource, authClusterResource } from './auth-cluster-spec.ts';
import { type Hashing, parseCalibration } from './calibration.ts';
import { parsePlanOptions } from './options.ts';
import { type Plan, plan } from './plan.ts';
import { planReport } from './plan-report.ts';
import type { NumberOption } from './request-rules.ts';

/** The options of `npm run plan`, by the same names and with the same defaults. */
export type Question = Readonly<Partial<Record<NumberOption, number>>> & {
  readonly users: number;
  readonly 'peak-logins': number;
  readonly 'hash-algorithm'?: Hashing['algorithm'];
  /** Of the AuthCluster. */
  readonly name?: string;
};

export interface Answer {
  readonly plan: Plan;
  /** To apply: each of `plan.clusters` is one of these. */
  readonly resource: AuthClusterResource;
  /** The same for people. */
  readonly report: string;
}

/**
 * Sizes an AuthCluster, as `npm run plan` does.
 * @param calibration as parsed from the JSON that `npm run calibrate` writes; what it leaves out keeps its defaults
 * @throws RangeError naming the option or the field of the calibration that is wrong, or the target that no size can meet
 */
export function sizeAuthCluster(question: Question, calibration: unknown = {}): Answer {
  const options = Object.entries(question).map(([option, value]) => `--${option}=${value}`);
  const { request, name } = parsePlanOptions(options);
  const costs = parseCalibration(calibration);
  const made = plan(request, costs);
  return {
    plan: made,
    resource: authClusterResource(name, made.deployment, request),
    report: planReport(made, request, costs, name),
  };
}
