import { type ApiBehaviour, idleBehaviour } from './api-tier.ts';
import { loginDatabaseMs } from './behaviour.ts';
import { type Calibration, hashMs } from './calibration.ts';
import type { PlanRequest } from './workload.ts';

/** Above what an idle pod needs: at that itself no number of pods would do, and just above it far too many. */
const ROOM = 1.1;

/**
 * Whether the targets can be met by pods of this size at all, however many there are.
 * @throws RangeError naming the target that cannot, and from where on it can
 */
export function checkReachable(request: PlanRequest, calibration: Calibration): void {
  const { demand, targets, machines } = request;
  const pod = { podCores: machines.apiPodCores, hashing: demand.hashing };
  const idle = idleBehaviour(pod, calibration, loginDatabaseMs(calibration));
  checkCpu('api-cpu', targets.apiUtilisation, [idle.cpuUtilisation, `${machines.apiPodCores} cores`], calibration);
  checkCpu('server-cpu', targets.serverUtilisation, [idle.mainThreadUtilisation, 'one thread'], calibration);
  if (idle.loginP95Ms * ROOM <= targets.loginP95Ms) return;
  throw new RangeError(
    `login-p95-ms: ${targets.loginP95Ms} ms cannot be met, ${idleLogin(request, idle, calibration)}: ` +
      `raise it to ${Math.ceil(idle.loginP95Ms * ROOM)}, lower hash-cost, ${remedies(request).join(', ')}`,
  );
}

function checkCpu(
  option: 'api-cpu' | 'server-cpu',
  target: number,
  [idleShare, of]: readonly [share: number, of: string],
  { api }: Calibration,
): void {
  if (idleShare * ROOM <= target) return;
  const least = Math.ceil(idleShare * ROOM * 1000) / 1000;
  const remedy = option === 'api-cpu' ? 'give pods more api-cores' : 'lower idleMillicores of the calibration';
  const raised = least < 1 ? `raise it to ${least}, or ${remedy}` : remedy;
  throw new RangeError(
    `${option}: ${target} cannot be met, an idle pod uses ${api.idleMillicores} millicores, ${idleShare.toFixed(3)} of ${of}: ${raised}`,
  );
}

function idleLogin({ demand, machines }: PlanRequest, idle: ApiBehaviour, calibration: Calibration): string {
  const { algorithm, cost } = demand.hashing;
  const cpuMs = hashMs(calibration, demand.hashing);
  const onPart = machines.apiPodCores < idle.workers ? `, which take longer on ${machines.apiPodCores} of a core` : '';
  return (
    `a login takes ${idle.loginP95Ms.toFixed(0)} ms on an idle pod ` +
    `(${cpuMs.toFixed(0)} ms for ${algorithm} at cost ${cost}${onPart})`
  );
}

function remedies({ demand, machines }: PlanRequest): string[] {
  return [
    ...(machines.apiPodCores < 1 ? ['give pods api-cores of 1 or more'] : []),
    ...(demand.hashing.algorithm === 'bcrypt' ? ['or choose hash-algorithm argon2id'] : []),
  ];
}
