import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { AuthClusterObject } from '../dev/kubernetes/auth-cluster.ts';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { AuthClient, type Credentials, loggedInUser, randomCredentials, type Tokens } from './support/auth-client.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { type LoadResult, underSteadyLoad } from './support/steady-load.ts';

interface Deployment extends KubernetesObject {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}
interface ApiStatus {
  activeColor: 'blue' | 'green';
  rollout: { phase: string; revision: string; message: string };
}

const BAKE_SECONDS = 15;
/** The tests log in far more often than a person does. */
const UNLIMITED = { limit: 100_000, periodSeconds: 60 };
const NO_LOGIN_LIMITS = { loginPerAccount: UNLIMITED, loginPerNetwork: UNLIMITED };

let gateway: GatewayAddress;
let client: AuthClient;
/** Two, since a user who logs in again and again loses the oldest sessions. */
let loggingIn: Credentials;
let loggedIn: Tokens;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      await change(env('0'), { bakeSeconds: 0, errorBudget: { minimumRequests: 20 } });
      await rolledOut();
      await change(env('0'), { bakeSeconds: BAKE_SECONDS, errorBudget: { minimumRequests: 20 } });
      gateway = await openGateway();
      client = new AuthClient(gateway.url);
      loggingIn = (await loggedInUser(client)).credentials;
    }),
  600_000,
);
afterAll(() => gateway?.close());

function env(revision: string) {
  return [{ name: 'E2E_ROLLOUT', value: revision }];
}

async function change(variables: object[], rollout: object = {}): Promise<void> {
  // Logins wait their turn: what is tested here is not how many a small machine can take.
  const hashing = { queueLength: 100 };
  const api = { env: variables, hashing, rollout, rateLimits: NO_LOGIN_LIMITS };
  const patch = JSON.stringify({ spec: { api } });
  await kubectl.run(['patch', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--type', 'merge', '--patch', patch]);
}

async function apiStatus(): Promise<ApiStatus & { current: boolean }> {
  const cluster = await kubectl.find<AuthClusterObject & { status?: { api?: ApiStatus } }>(
    NAMESPACE,
    AUTH_CLUSTERS,
    NAME,
  );
  const api = cluster?.status?.api;
  if (api === undefined) throw new Error('the status tells nothing of the auth API');
  return { ...api, current: cluster?.status?.observedGeneration === cluster?.metadata.generation };
}

async function reaches(phase: string, seconds = 150): Promise<ApiStatus> {
  return eventually(async () => {
    const status = await apiStatus();
    expect(status).toMatchObject({ current: true, rollout: { phase } });
    return status;
  }, seconds);
}

function rolledOut(): Promise<ApiStatus> {
  return reaches('Stable');
}

async function servingRevision(): Promise<string | undefined> {
  const { activeColor } = await apiStatus();
  const live = await kubectl.find<Deployment>(NAMESPACE, 'deployments.apps', `${NAME}-api-${activeColor}`);
  return live?.spec.template.spec.containers[0]?.env.find(({ name }) => name === 'E2E_ROLLOUT')?.value;
}

async function colors(): Promise<string[]> {
  const api = `app.kubernetes.io/instance=${NAME},app.kubernetes.io/component=auth-api`;
  return (await kubectl.list(NAMESPACE, 'deployments.apps', api)).map(({ metadata }) => metadata.name);
}

/** Checks of a token and logins, for as long as `during` runs; each must be answered as it should be. */
async function underLoad(during: () => Promise<void>): Promise<LoadResult> {
  loggedIn = (await loggedInUser(client)).tokens;
  let turn = 0;
  const request = async () => {
    turn += 1;
    const isLogin = turn % 5 === 0;
    const { status } = isLogin ? await client.login(loggingIn) : await client.verify(loggedIn.access_token);
    return status === 200 ? undefined : `${isLogin ? 'POST /v1/login' : 'GET /verify'} answered ${status}`;
  };
  return underSteadyLoad({ clients: 3, pauseMilliseconds: 50 }, request, during);
}

function expectUnharmed({ failures, requests }: LoadResult): void {
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(50);
}

describe('a rollout of the auth API under load', () => {
  clusterTest('moves the traffic to the other colour without a failed request, and leaves one colour', async () => {
    const before = await apiStatus();
    const load = await underLoad(async () => {
      await change(env('promoted'));
      const { activeColor } = await reaches('Baking');
      expect(activeColor).not.toBe(before.activeColor);
      await rolledOut();
      await eventually(async () => expect(await colors()).toEqual([`${NAME}-api-${activeColor}`]), 30);
    });
    expectUnharmed(load);
    expect(await servingRevision()).toBe('promoted');
  });

  clusterTest('is aborted by an annotation without a failed request', async () => {
    const before = await apiStatus();
    const load = await underLoad(async () => {
      await change(env('aborted'));
      const { rollout } = await reaches('Baking');
      const abort = `authcluster.dev/abort=${rollout.revision}`;
      await kubectl.run(['annotate', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, abort, '--overwrite']);
      expect((await reaches('Aborted')).activeColor).toBe(before.activeColor);
      await eventually(async () => expect(await colors()).toHaveLength(1), 60);
    });
    expectUnharmed(load);
    expect(await servingRevision()).toBe('promoted');
    await change(env('promoted'));
    await rolledOut();
  });

  clusterTest('is taken back by itself when more logins fail than before, without another failed request', async () => {
    const before = await apiStatus();
    const load = await underLoad(async () => {
      await change(env('worse'), { bakeSeconds: 120 });
      await reaches('Baking');
      // As if the new revision did not take right passwords any more.
      const strangers = setInterval(() => void client.login(randomCredentials()).catch(() => undefined), 500);
      try {
        const { activeColor, rollout } = await reaches('RolledBack', 90);
        expect(activeColor).toBe(before.activeColor);
        expect(rollout.message).toMatch(/logins failed, before it/);
      } finally {
        clearInterval(strangers);
      }
      await eventually(async () => expect(await colors()).toHaveLength(1), 60);
    });
    expectUnharmed(load);
    expect(await servingRevision()).toBe('promoted');
    await change(env('promoted'), { bakeSeconds: BAKE_SECONDS });
    await rolledOut();
  });
});
