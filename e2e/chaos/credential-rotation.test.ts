import { describe, expect } from '@jest/globals';
import { type AuthClusterObject, type Condition, waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { type Credentials, loggedInUser, randomCredentials, type Tokens } from '../support/auth-client.ts';
import { chaosClient, HOUR } from '../support/chaos-cluster.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { type Note, repeatedly } from '../support/repeated.ts';
import { secret } from '../support/secret.ts';
import { underSteadyLoad } from '../support/steady-load.ts';

/** Of both data tiers; each stage waits for kubelets, which take a minute or two, and for pods that are replaced. */
const ROTATION_SECONDS = 1500;
const LOGINS = ['app', 'superuser', 'replication', 'patroni', 'migrator', 'pooler'];
const ALL = [`${NAME}-redis-auth`, ...LOGINS.map((each) => `${NAME}-postgres-${each}`)];
/** Below the limits of logins for one account (10 a minute) and for one network (100 a minute). */
const USERS = 8;
const PAUSE_MS = 400;

const client = chaosClient();

async function rotating(): Promise<Condition | undefined> {
  const cluster = await kubectl.find<AuthClusterObject>(NAMESPACE, AUTH_CLUSTERS, NAME);
  return cluster?.status?.conditions?.find(({ type }) => type === 'CredentialsRotating');
}

async function rotate(value: string): Promise<string[]> {
  const seen: string[] = [];
  await kubectl.run([
    'annotate',
    '-n',
    NAMESPACE,
    AUTH_CLUSTERS,
    NAME,
    `authcluster.dev/rotate-credentials=${value}`,
    '--overwrite',
  ]);
  await eventually(async () => {
    const condition = await rotating();
    const stage = `${condition?.reason}`;
    if (seen.at(-1) !== stage) {
      seen.push(stage);
      process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${stage}: ${condition?.message}\n`);
    }
    expect(stage).toBe('Settled');
    expect((await secret(`${NAME}-redis-auth`)).rotation).toBe(value);
  }, ROTATION_SECONDS);
  return seen;
}

/** Checks, logins and refreshes, one after another. */
async function underLoad(during: () => Promise<void>) {
  let refreshed: Tokens = (await loggedInUser(client)).tokens;
  const users: Credentials[] = [];
  while (users.length < USERS) users.push((await loggedInUser(client)).credentials);
  let turn = 0;
  const requests = [
    async () => status('GET /verify', (await client.verify(refreshed.access_token)).status),
    async () => {
      const user = users[turn % USERS] ?? randomCredentials();
      return status('POST /v1/login', (await client.login(user)).status);
    },
    async () => {
      const answer = await client.refresh(refreshed.refresh_token);
      if (answer.status === 200) refreshed = answer.body as Tokens;
      return status('POST /v1/refresh', answer.status);
    },
  ];
  const request = () => {
    turn += 1;
    return requests[turn % requests.length]?.() ?? Promise.resolve(undefined);
  };
  return underSteadyLoad({ clients: 1, pauseMilliseconds: PAUSE_MS }, request, during);
}

function status(what: string, code: number): string | undefined {
  return code === 200 ? undefined : `${what} answered ${code}`;
}

/** What a container prints, whatever the script ends with. */
function inPod(pod: string, script: string, input: string): Promise<string> {
  return kubectl.run(['exec', '-i', '-n', NAMESPACE, pod, '--', 'bash', '-c', `{ ${script}; } 2>&1 || true`], input);
}

/** The password is the only line of the input: it stands on no command line. */
function askDatabase({ username = '', password = '' }: Record<string, string>): Promise<string> {
  const script = `read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U ${username} -d auth -Atc 'select 42'`;
  return inPod(`${NAME}-postgres-0`, script, `${password}\n`);
}

function askRedis({ username = '', password = '' }: Record<string, string>): Promise<string> {
  const script = `read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli --no-auth-warning --user ${username} ping`;
  return inPod(`${NAME}-redis-0-0`, script, `${password}\n`);
}

async function replaceAll(_: number, note: Note): Promise<void> {
  const before = await Promise.all(ALL.map(secret));
  const [redis = {}, app = {}] = before;
  expect([await askDatabase(app), await askRedis(redis)]).toEqual(['42\n', 'PONG\n']);
  let stages: string[] = [];
  const { failures, requests } = await underLoad(async () => {
    const startedMs = Date.now();
    stages = await rotate(String(startedMs));
    note({ 'done after': (Date.now() - startedMs) / 1000 });
  });
  note({ 'failed requests': failures.length, requests });
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect(stages).toEqual(expect.arrayContaining(['Adding', 'Moving', 'Settled']));
  const after = await Promise.all(ALL.map(secret));
  for (const [index, { password }] of after.entries()) expect(password).not.toBe(before[index]?.password);
  const [redisNow = {}, appNow = {}] = after;
  expect(appNow.username).not.toBe(app.username);
  expect([await askDatabase(appNow), await askRedis(redisNow)]).toEqual(['42\n', 'PONG\n']);
  expect(await askDatabase(app)).toContain('FATAL');
  expect(await askRedis(redis)).toContain('WRONGPASS');
  await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: 300 });
}

describe('a rotation of the generated credentials', () => {
  clusterTest(
    'replaces all of them without a failed request, and the former ones open nothing',
    () => repeatedly('rotation of all credentials', replaceAll),
    HOUR,
  );
});
