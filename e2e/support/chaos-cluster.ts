import type { GatewayAddress } from '../../dev/kubernetes/gateway.ts';
import { OPERATOR_NAMESPACE } from '../../dev/kubernetes/operator-release.ts';
import { AuthClient, loggedInUser, logIn } from './auth-client.ts';
import { INSTANCE, kubectl, NAMESPACE, openGateway, readyAuthCluster } from './cluster.ts';
import { withDiagnosis } from './cluster-test.ts';
import { changeSpec, settled } from './database.ts';
import { eventually } from './eventually.ts';

/** As the bars say, in seconds. */
export const WRITES_BACK_SECONDS = { whereItRestarts: 10, elsewhere: 35, afterANode: 60 } as const;
export const LOGINS_BACK_SECONDS = 120;
/** Of several runs of one event. */
export const HOUR = 3600;
export const SETTLED_SECONDS = 300;
export const SETUP_MILLISECONDS = 900_000;
const OPERATOR = ['-n', OPERATOR_NAMESPACE, 'deployment', 'authcluster-operator'];

export interface ChaosCluster {
  client: AuthClient;
  gateway: GatewayAddress;
}

/** The development sample with two of everything that a drain may take, so that one is left. */
export function chaosCluster(): Promise<ChaosCluster> {
  return withDiagnosis(async () => {
    await readyAuthCluster();
    await changeSpec({
      api: { hashing: { queueLength: 100 } },
      gateway: { autoscaling: { minReplicas: 2 } },
      postgres: { pooler: { instances: 2 } },
    });
    await settled(SETTLED_SECONDS);
    const gateway = await openGateway();
    return { gateway, client: new AuthClient(gateway.url) };
  });
}

/** Pods of the components: killed at once, without a chance to end in order. */
export async function kill(...components: readonly string[]): Promise<void> {
  const selector = `${INSTANCE},app.kubernetes.io/component in (${components.join(',')})`;
  await kubectl.run(['delete', 'pod', '-n', NAMESPACE, '-l', selector, '--force', '--grace-period=0']);
}

/** Seconds until a user who was there before logs in again. */
export async function loginsBackAfter(client: AuthClient, loss: () => Promise<void>): Promise<number> {
  const { credentials } = await loggedInUser(client);
  const startedMs = Date.now();
  await loss();
  await eventually(() => logIn(client, credentials), LOGINS_BACK_SECONDS);
  return (Date.now() - startedMs) / 1000;
}

/** Runs what is given while no operator is there, and has it back afterwards. */
export async function withoutOperator(run: () => Promise<void>): Promise<void> {
  const replicas = await kubectl.run(['get', ...OPERATOR, '-o', 'jsonpath={.spec.replicas}']);
  await kubectl.run(['scale', ...OPERATOR, '--replicas', '0']);
  try {
    await kubectl.run(['wait', '-n', OPERATOR_NAMESPACE, 'pods', '--all', '--for=delete', '--timeout', '120s']);
    await run();
  } finally {
    await kubectl.run(['scale', ...OPERATOR, '--replicas', replicas]);
    await settled(SETTLED_SECONDS);
  }
}
