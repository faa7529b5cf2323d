import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { Condition } from '../dev/kubernetes/auth-cluster.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { failureOf, loggedInUser, logIn } from './support/auth-client.ts';
import { podsOf } from './support/bash-pod.ts';
import { authCluster, changeSpec, kubectl, NAMESPACE } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import { underSteadyLoad } from './support/steady-load.ts';

interface Status {
  conditions: Condition[];
  api: { rollout: { phase: string } };
}
interface ApiSpec {
  image?: string;
  env?: object[];
}
interface Quota extends KubernetesObject {
  status?: { hard?: Record<string, string> };
}

/** Nothing listens there, on any node: the answer comes at once. */
const NO_IMAGE = '127.0.0.1:9/auth-api:none';
const QUOTA = 'e2e-full';
const client = gatewayClient();
let before: ApiSpec;

beforeAll(() =>
  withDiagnosis(async () => {
    before = (await authCluster<Status>()).spec.api as ApiSpec;
  }),
);
afterAll(takeBack, SET_UP_TIMEOUT_MS);

async function changeApi({ image, env }: ApiSpec): Promise<void> {
  await changeSpec({ api: { image: image ?? null, env: env ?? null } });
}

/** First the change, then what stood in its way: the other way round it might come about. */
async function takeBack(): Promise<void> {
  await changeApi(before);
  await changeSpec({ postgres: { parameters: { shared_buffers: null } } });
  await kubectl.run(['delete', 'resourcequota', '-n', NAMESPACE, QUOTA, '--ignore-not-found']);
  await eventually(async () => {
    const { metadata, status } = await authCluster<Status & { observedGeneration: number }>();
    expect(status.observedGeneration).toBe(metadata.generation);
    expect(status.api.rollout.phase).toBe('Stable');
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Degraded', status: 'False' }));
    // What a quota refused is tried again after ever longer pauses.
  }, 300);
}

function withVariable(name: string, value: string): ApiSpec {
  return { ...before, env: [...(before.env ?? []), { name, value }] };
}

/** The namespace has more pods than that already. It holds from when it was counted first. */
async function fillQuota(): Promise<void> {
  await kubectl.run(['create', 'quota', '-n', NAMESPACE, QUOTA, '--hard=pods=1']);
  await eventually(async () => {
    expect((await kubectl.find<Quota>(NAMESPACE, 'resourcequotas', QUOTA))?.status?.hard).toEqual({ pods: '1' });
  }, 60);
}

/** Since when each member of the database runs, and with how many buffers. */
async function databaseStart(): Promise<string[]> {
  const query = "select pg_postmaster_start_time(), current_setting('shared_buffers')";
  const pods = (await podsOf('postgres')).map(({ metadata }) => metadata.name).sort();
  const psql = (pod: string) => ['exec', '-n', NAMESPACE, pod, '-c', 'postgres', '--', 'psql', '-XAt', '-c', query];
  return Promise.all(pods.map((pod) => kubectl.run(psql(pod))));
}

/** A change that cannot be carried out is told as expected, while whoever logs in or has logged in notices nothing. */
async function expectTold(change: () => Promise<void>, reason: RegExp, ...message: RegExp[]): Promise<void> {
  const { credentials, tokens } = await loggedInUser(client);
  const check = async () => {
    return failureOf('GET /verify', await client.verify(tokens.access_token));
  };
  const { failures } = await underSteadyLoad({ clients: 1, pauseMilliseconds: 200 }, check, async () => {
    await change();
    await eventually(async () => {
      const { conditions } = (await authCluster<Status>()).status;
      const degraded = conditions.find(({ type }) => type === 'Degraded');
      expect(degraded?.status).toBe('True');
      expect(degraded?.reason).toMatch(reason);
      for (const words of message) expect(degraded?.message).toMatch(words);
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'ApiReady', status: 'True' }));
    }, 120);
    await logIn(client, credentials);
    await takeBack();
  });
  expect(failures).toEqual([]);
}

describe('a change that cannot be carried out is told with the next thing to do, and the old version serves:', () => {
  clusterTest('an image that no node can pull', () =>
    expectTold(
      () => changeApi({ ...before, image: NO_IMAGE }),
      /^(ErrImagePull|ImagePullBackOff)$/,
      /Next: correct the image/,
    ),
  );

  clusterTest('an image whose migrations fail', async () => {
    const image = (await podsOf('redis'))[0]?.spec.containers.find(({ name }) => name === 'redis')?.image;
    if (image === undefined) throw new Error('no Redis pod runs');
    // It has no migrations, and says so with its exit code.
    const told = /kubectl logs -n \S+ job\/\S+/;
    await expectTold(() => changeApi({ ...before, image }), /^Migration(Retrying|Failed)$/, told);
  });

  clusterTest('a setting by which the program does not start', () =>
    expectTold(
      () => changeApi(withVariable('LOG_LEVEL', 'loud')),
      /^Error$/,
      /exit code 1: see kubectl logs .* --previous/,
    ),
  );

  clusterTest('a quota that has no room for the pods of a rollout', async () => {
    await fillQuota();
    // Of whichever workload lacks pods: that of the rollout, or one that an autoscaler would have larger just now.
    const told = [/exceeded quota: e2e-full/, /Next: /];
    const change = () => changeApi(withVariable('E2E_TROUBLE', 'quota'));
    await expectTold(change, /^(RolloutStuck|QuotaExceeded)$/, ...told);
  });

  clusterTest('buffers beyond the memory limit of the database, which is not restarted for them', async () => {
    const atFirst = await databaseStart();
    await expectTold(
      () => changeSpec({ postgres: { parameters: { shared_buffers: '64GB' } } }),
      /^ParametersRefused$/,
      /shared_buffers: "64GB" is not within the memory limit of \S+: at most \d+MB is allowed/,
    );
    expect(await databaseStart()).toEqual(atFirst);
  });
});
