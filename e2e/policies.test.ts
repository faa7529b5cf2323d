import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser } from './support/auth-client.ts';
import { deletePod, podsOf, startBashPod } from './support/bash-pod.ts';
import { kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';

/** In the namespace of the AuthCluster, where no namespace selector would keep it out. */
const STRANGER = 'stranger';
/** What a stranger must not reach, by component. */
const CLOSED: readonly [component: string, port: number][] = [
  ['postgres', 5432],
  ['postgres', 8008],
  ['pooler-rw', 5432],
  ['pooler-ro', 5432],
  ['redis', 6379],
  ['redis', 16379],
  ['redis', 8081],
  ['auth-api', 8080],
  ['auth-api', 9090],
  ['gateway', 8081],
];
const WAIT_SECONDS = 2;

let gateway: GatewayAddress;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      gateway = await openGateway();
      await startBashPod(STRANGER);
    }),
  600_000,
);
afterAll(async () => {
  gateway?.close();
  await deletePod(STRANGER);
});

async function addressOf(component: string): Promise<string> {
  const address = (await podsOf(component))[0]?.status.podIP;
  if (address === undefined) throw new Error(`no pod of ${component} runs`);
  return address;
}

/** Whether a connection opens from inside the stranger; bash's own way, since no tool for it is in the image. */
async function reaches(address: string, port: number): Promise<boolean> {
  const attempt = `timeout ${WAIT_SECONDS} bash -c '</dev/tcp/${address}/${port}' 2>/dev/null && echo open || echo closed`;
  const answer = await kubectl.run(['exec', '-n', NAMESPACE, STRANGER, '--', 'bash', '-c', attempt]);
  return answer.trim() === 'open';
}

describe('a stranger among the pods', () => {
  clusterTest('reaches the gateway, as any client does', async () => {
    // Also the proof that its attempts below could succeed.
    const address = await addressOf('gateway');
    await eventually(async () => expect(await reaches(address, 8080)).toBe(true), 30);
  });

  clusterTest('reaches none of PostgreSQL, Patroni, the poolers, Redis, the auth API and any metrics', async () => {
    const attempts = CLOSED.map(async ([component, port]) =>
      (await reaches(await addressOf(component), port)) ? [`${component} ${port}`] : [],
    );
    const opened = (await Promise.all(attempts)).flat();
    expect(opened).toEqual([]);
  });

  clusterTest('gets nowhere by the names of Services either', async () => {
    expect(await reaches(`${NAME}-postgres-primary`, 5432)).toBe(false);
    expect(await reaches(`${NAME}-api`, 8080)).toBe(false);
  });
});

describe('behind its policies the service', () => {
  clusterTest('works from outside, through every tier', async () => {
    const client = new AuthClient(gateway.url);
    const { tokens } = await loggedInUser(client);
    expect((await client.verify(tokens.access_token)).status).toBe(200);
    expect((await client.me(tokens.access_token)).status).toBe(200);
  });

  clusterTest('is still seen by its operator: the servers it talks to answer', async () => {
    // Asked at least every 30 seconds; what cannot be reached shows as a tier that is not Ready.
    const { status } = await readyAuthCluster();
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'CacheReady', status: 'True' }));
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Degraded', status: 'False' }));
  });
});
