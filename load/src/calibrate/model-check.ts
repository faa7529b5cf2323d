import { type Calibration, type Hashing, hashMs } from '../plan/calibration.ts';
import { loginsAlone, predictedApiCpu } from '../plan/prediction.ts';
import type { MeasuredLogins } from './saturation.ts';

export interface ApiSize {
  /** That all pods may use together. */
  readonly cores: number;
  readonly pods: number;
}

/** One thing that the planner's model said, beside what was measured. */
export interface ModelCheck {
  readonly name: string;
  readonly predicted: number;
  readonly measured: number;
  /** By how much the model is off: a share of what was measured, or for a utilisation the difference. */
  readonly off: number;
  readonly bar: number;
}

const RATE_BAR = 0.15;
const UTILISATION_BAR = 0.1;

/** Logins per second at which so many cores of so many pods are busy, by the planner's model. */
export function predictedSaturation({ cores, pods }: ApiSize, calibration: Calibration, hashing: Hashing): number {
  const { idleMillicores, loginMs } = calibration.api;
  return (cores * 1000 - pods * idleMillicores) / (hashMs(calibration, hashing) + loginMs);
}

/** Holds the model against logins as fast as they are answered, and against logins at a rate below that. */
export function checkModel(
  size: ApiSize,
  { calibration, hashing }: { readonly calibration: Calibration; readonly hashing: Hashing },
  measured: { readonly saturated: MeasuredLogins; readonly paced: MeasuredLogins },
): ModelCheck[] {
  const { saturated, paced } = measured;
  const rate = predictedSaturation(size, calibration, hashing);
  const utilisation = ({ loginsPerSecond }: MeasuredLogins) =>
    Math.min(
      1,
      predictedApiCpu(loginsAlone({ loginsPerSecond, pods: size.pods }), calibration, hashing).cores / size.cores,
    );
  return [
    {
      name: 'saturation-logins-per-second',
      predicted: rate,
      measured: saturated.loginsPerSecond,
      off: rate / saturated.loginsPerSecond - 1,
      bar: RATE_BAR,
    },
    utilisationCheck('utilisation-at-saturation', utilisation(saturated), saturated.cpuCores / size.cores),
    utilisationCheck('utilisation-at-paced-logins', utilisation(paced), paced.cpuCores / size.cores),
  ];
}

function utilisationCheck(name: string, predicted: number, measured: number): ModelCheck {
  return { name, predicted, measured, off: predicted - measured, bar: UTILISATION_BAR };
}

export function isWithinBar({ off, bar }: ModelCheck): boolean {
  return Math.abs(off) <= bar;
}

/** `name predicted measured off bar ok|missed`. */
export function checkLine(check: ModelCheck): string {
  const { name, predicted, measured, off, bar } = check;
  const isUtilisation = name.startsWith('utilisation');
  const written = (value: number) => (isUtilisation ? `${(value * 100).toFixed(1)}%` : value.toFixed(2));
  const unit = isUtilisation ? ' points' : '%';
  const difference = `${off >= 0 ? '+' : ''}${(off * 100).toFixed(1)}${unit}`;
  return `${name} predicted ${written(predicted)} measured ${written(measured)} off ${difference} bar ${bar * 100}${unit} ${isWithinBar(check) ? 'ok' : 'missed'}`;
}
