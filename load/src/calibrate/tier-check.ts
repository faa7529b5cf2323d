import type { Calibration, Hashing } from '../plan/calibration.ts';
import { loginsAlone, predictedTierCores } from '../plan/prediction.ts';
import type { TierSample } from '../run/samples.ts';

type Tiers = Readonly<Record<string, TierSample>>;

/** CPU of a tier at a rate of logins. The model has no CPU of what a tier does while idle, hence the look before. */
export interface TierCheck {
  readonly tier: string;
  readonly predictedCores: number;
  readonly idleCores: number | undefined;
  readonly measuredCores: number;
}

/** What the planner's model says of the tiers beside the auth API, for those that were seen. */
export function tierChecks(
  loginsPerSecond: number,
  { idle, paced }: { readonly idle: Tiers; readonly paced: Tiers },
  { calibration, hashing }: { readonly calibration: Calibration; readonly hashing: Hashing },
): TierCheck[] {
  const rates = loginsAlone({ loginsPerSecond, pods: 1 });
  const predicted = predictedTierCores(rates, paced.postgres?.pods ?? 1, calibration, hashing);
  return Object.entries(predicted).flatMap(([tier, cores]) => {
    const seen = paced[tier];
    if (seen === undefined) return [];
    return [{ tier, predictedCores: cores, idleCores: idle[tier]?.cpuCores, measuredCores: seen.cpuCores }];
  });
}

/** `cpu-of-<tier> predicted measured idle`, in cores: to read, with no bar. */
export function tierLine({ tier, predictedCores: predicted, idleCores, measuredCores }: TierCheck): string {
  const idle = idleCores === undefined ? '' : ` idle ${idleCores.toFixed(3)}`;
  return `cpu-of-${tier} predicted ${predicted.toFixed(3)} measured ${measuredCores.toFixed(3)}${idle} cores`;
}
