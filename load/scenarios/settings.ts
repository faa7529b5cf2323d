import { type ScaledShape, type Scales, type ScenarioName, scaledShape } from './scenario-shapes.ts';

export interface Settings extends ScaledShape {
  readonly name: ScenarioName;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly passwordSeed: string;
  /** Where the summary goes as JSON. */
  readonly summaryFile: string | undefined;
  /** Whether it is also said in a line, as a runner does whose files nobody can get at. */
  readonly isSummarySaid: boolean;
}

/** From k6's environment (`k6 run -e NAME=value`): BASE_URL, SCALE, TIME_SCALE, RAMP_DOWN, PASSWORD_SEED, SUMMARY_FILE, SUMMARY_LINE. */
export function settingsOf(name: ScenarioName, environment: Record<string, string | undefined>): Settings {
  const scales: Scales = {
    scale: Number(environment.SCALE ?? 1),
    timeScale: Number(environment.TIME_SCALE ?? 1),
    rampDown: Number(environment.RAMP_DOWN ?? 0),
  };
  return {
    ...scaledShape(name, scales),
    name,
    baseUrl: (environment.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
    passwordSeed: environment.PASSWORD_SEED ?? 'load',
    summaryFile: environment.SUMMARY_FILE,
    isSummarySaid: environment.SUMMARY_LINE === 'yes',
  };
}
