import { OPERATOR_NAMESPACE } from '../../dev/kubernetes/operator-release.ts';
import { type AuthClient, loggedInUser, logIn } from './auth-client.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';
import { changeSpec, settled } from './database.ts';
import { eventually } from './eventually.ts';
import { gatewayClient } from './gateway-client.ts';

/** As the bars say, in seconds. */
export const WRITES_BACK_SECONDS = { whereItRestarts: 10, elsewhere: 35, afterANode: 60 } as const;
export const LOGINS_BACK_SECONDS = 120;
/** Of several runs of one event. */
export const HOUR = 3600;
export const SETTLED_SECONDS = 300;
const OPERATOR = ['-n', OPERATOR_NAMESPACE, 'deployment', 'authcluster-operator'];

/**
 * A client of the AuthCluster that the tests of a file disturb: the development sample with two of everything that a drain
 * may take, so that one is left.
 */
export function chaosClient(): AuthClient {
  return gatewayClient(async () => {
    await changeSpec({
      api: { hashing: { queueLength: 100 } },
      gateway: { autoscaling: { minReplicas: 2 } },
      postgres: { pooler: { instances: 2 } },
    });
    await settled(SETTLED_SECONDS);
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
