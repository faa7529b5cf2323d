import { beforeAll, expect } from '@jest/globals';
import { OPERATOR_NAMESPACE, RELEASE } from '../../dev/kubernetes/operator-release.ts';
import type { AuthClient } from './auth-client.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';
import type { MixedResult } from './data-load.ts';
import { failuresOf, settled } from './database.ts';
import { eventually } from './eventually.ts';
import { gatewayClient } from './gateway-client.ts';
import { type Note, SETTLED_SECONDS } from './repeated.ts';

/** As the bars say, in seconds. */
export const WRITES_BACK_SECONDS = { whereItRestarts: 10, elsewhere: 35, afterANode: 60 } as const;
/** Of several runs of one event. */
export const HOUR = 3600;
const OPERATOR = ['-n', OPERATOR_NAMESPACE, 'deployment', RELEASE];

/** Each run makes its users, all of them from one address. */
const UNLIMITED = { limit: 100_000 };
/** Two of everything of the sample that a drain may take, so that one is left. */
export const DOUBLED = {
  gateway: { autoscaling: { minReplicas: 2 } },
  postgres: { pooler: { instances: 2 } },
};
const CHAOS_SPEC = {
  ...DOUBLED,
  api: {
    hashing: { queueLength: 100 },
    rateLimits: { registrationPerNetwork: UNLIMITED, loginPerNetwork: UNLIMITED },
  },
};

/** A client of the AuthCluster that the tests of a file disturb, with another difference from the sample where one is given. */
export function chaosClient(difference: { redis?: object } = {}): AuthClient {
  // A run that was killed may have left none.
  beforeAll(() => operatorRuns());
  return gatewayClient({ ...CHAOS_SPEC, ...difference });
}

/** Pods of the components: killed at once, without a chance to end in order. */
export async function kill(...components: readonly string[]): Promise<void> {
  const selector = `${INSTANCE},app.kubernetes.io/component in (${components.join(',')})`;
  await kubectl.run(['delete', 'pod', '-n', NAMESPACE, '-l', selector, '--force', '--grace-period=0']);
}

/** What the clients of a load saw. */
export function noteLoad(note: Note, load: MixedResult): void {
  const { writes, checks, reads, logins } = load;
  note({
    'longest pause of writes': writes.gapSeconds,
    'failed requests': failuresOf(load).length,
    requests: writes.requests + checks.requests + reads.requests + logins.requests,
  });
}

async function operatorRuns(replicas = 1): Promise<void> {
  const wanted = await kubectl.run(['get', ...OPERATOR, '-o', 'jsonpath={.spec.replicas}']);
  if (Number(wanted) < replicas) await kubectl.run(['scale', ...OPERATOR, '--replicas', String(replicas)]);
}

/** Runs what is given while no operator is there, and has it back afterwards. */
export async function withoutOperator<Result>(run: () => Promise<Result>): Promise<Result> {
  const replicas = await kubectl.run(['get', ...OPERATOR, '-o', 'jsonpath={.spec.replicas}']);
  await kubectl.run(['scale', ...OPERATOR, '--replicas', '0']);
  try {
    await eventually(async () => {
      const pods = await kubectl.list(OPERATOR_NAMESPACE, 'pods', `app.kubernetes.io/instance=${RELEASE}`);
      expect(pods.map(({ metadata }) => metadata.name)).toEqual([]);
    }, 120);
    return await run();
  } finally {
    await operatorRuns(Number(replicas));
    await settled(SETTLED_SECONDS);
  }
}
