import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { AuthClusterObject } from '../dev/kubernetes/auth-cluster.ts';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import {
  AuthClient,
  type Credentials,
  failureOf,
  loggedInUser,
  logIn,
  randomCredentials,
} from './support/auth-client.ts';
import {
  AUTH_CLUSTERS,
  changeSpec,
  INSTANCE,
  kubectl,
  NAME,
  NAMESPACE,
  openGateway,
  readyAuthCluster,
} from './support/cluster.ts';
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
/** Another than the one whose token is checked: who logs in again and again loses the oldest sessions. */
let loggingIn: Credentials;

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
// Whatever failed here, the tests that follow meet an AuthCluster that is Ready.
afterAll(async () => {
  gateway?.close();
  await change(env('promoted'), { bakeSeconds: BAKE_SECONDS });
  await rolledOut();
}, 300_000);

function env(revision: string) {
  return [{ name: 'E2E_ROLLOUT', value: revision }];
}

async function change(variables: object[], rollout: object = {}): Promise<void> {
  // Logins wait their turn: what is tested here is not how many a small machine can take.
  const hashing = { queueLength: 100 };
  await changeSpec({ api: { env: variables, hashing, rollout, rateLimits: NO_LOGIN_LIMITS } });
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
  const token = await lastingToken();
  const verify = async () => failureOf('GET /verify', await client.verify(await token()));
  const login = async () => failureOf('POST /v1/login', await client.login(loggingIn));
  const verified = { failures: [] as string[], requests: 0 };
  const load = await underSteadyLoad({ clients: 1, pauseMilliseconds: 50 }, login, async () => {
    Object.assign(verified, await underSteadyLoad({ clients: 2, pauseMilliseconds: 50 }, verify, during));
  });
  const failures = [...load.failures, ...verified.failures];
  return { ...load, failures, requests: load.requests + verified.requests };
}

/** Of one session after another: a busy machine may take longer over a rollout than a token lives, which is 300 s. */
async function lastingToken(): Promise<() => Promise<string>> {
  const { credentials, tokens } = await loggedInUser(client);
  let current = { token: Promise.resolve(tokens.access_token), since: Date.now() };
  return () => {
    if (Date.now() - current.since > 200_000) {
      current = { token: logIn(client, credentials).then(({ access_token }) => access_token), since: Date.now() };
    }
    return current.token;
  };
}

/** Somebody who knows no password, and tries one after another. */
async function whileStrangersTry(during: () => Promise<void>): Promise<void> {
  await underSteadyLoad(
    { clients: 1, pauseMilliseconds: 100 },
    async () => void (await client.login(randomCredentials())),
    during,
  );
}

/** What each pod of a colour has answered since it began, by its own metrics. */
async function answeredBy(color: string): Promise<number[]> {
  const pods = await kubectl.list(NAMESPACE, 'pods', `${INSTANCE},authcluster.dev/color=${color}`);
  const show = "fetch('http://127.0.0.1:9090/metrics').then((answer) => answer.text()).then(console.log)";
  return Promise.all(
    pods.map(async ({ metadata: { name } }) => {
      const text = await kubectl.run(['exec', '-n', NAMESPACE, name, '-c', 'auth-api', '--', 'node', '-e', show]);
      const counts = [...text.matchAll(/^http_requests_total\{.*\} (\S+)$/gm)].map(([, count]) => Number(count));
      if (counts.length === 0) throw new Error(`${name} shows no http_requests_total`);
      return counts.reduce((sum, count) => sum + count, 0);
    }),
  );
}

/** Fails where pods of a colour get a request later than 5 s after the switch; there are many all the while. */
async function expectLeftAlone(color: string): Promise<void> {
  await sleep(Math.max(0, (await switchedAtMs()) + 5000 - Date.now()));
  const before = await answeredBy(color);
  await sleep(3000);
  expect(await answeredBy(color)).toEqual(before);
}

/** By the operator's clock, when it was about to move the traffic. */
async function switchedAtMs(): Promise<number> {
  const service = await kubectl.find(NAMESPACE, 'services', `${NAME}-api`);
  const switchedAt = Date.parse(service?.metadata.annotations?.['authcluster.dev/switched-at'] ?? '');
  if (Number.isNaN(switchedAt)) throw new Error('the Service of the auth API tells no moment of the switch');
  return switchedAt;
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
      await change(env('worse'), { bakeSeconds: 240 });
      await reaches('Baking');
      await expectLeftAlone(before.activeColor);
      // As if the new revision did not take right passwords any more.
      await whileStrangersTry(async () => {
        const { activeColor, rollout } = await reaches('RolledBack', 90);
        expect(activeColor).toBe(before.activeColor);
        expect(rollout.message).toMatch(/logins failed, before it/);
      });
      await eventually(async () => expect(await colors()).toHaveLength(1), 60);
    });
    expectUnharmed(load);
    expect(await servingRevision()).toBe('promoted');
    await change(env('promoted'), { bakeSeconds: BAKE_SECONDS });
    await rolledOut();
  });
});
