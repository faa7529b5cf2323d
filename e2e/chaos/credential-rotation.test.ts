import { describe, expect } from '@jest/globals';
import { type AuthClusterObject, type Condition, waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { type Credentials, loggedInUser, randomCredentials, type Tokens } from '../support/auth-client.ts';
import { type Pod, podsOf } from '../support/bash-pod.ts';
import { chaosClient, HOUR } from '../support/chaos-cluster.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { changeSpec, settled } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Note, repeatedly } from '../support/repeated.ts';
import { secret } from '../support/secret.ts';
import { underSteadyLoad } from '../support/steady-load.ts';

/** Of both data tiers; each stage waits for kubelets, which take a minute or two, and for pods that are replaced. */
const ROTATION_SECONDS = 1500;
const LOGINS = ['app', 'superuser', 'replication', 'patroni', 'migrator', 'pooler'];
const ALL = [`${NAME}-redis-auth`, `${NAME}-monitoring`, ...LOGINS.map((each) => `${NAME}-postgres-${each}`)];
/** By component: the exporter's port, and what it shows where it is let in. */
const EXPORTERS = [
  ['postgres', 9187, 'pg_up 1'],
  ['pooler-rw', 9127, 'pgbouncer_up 1'],
  ['pooler-ro', 9127, 'pgbouncer_up 1'],
  ['redis', 9121, 'redis_up 1'],
] as const;
const LOGIN_PORT = 9188;
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
    // As it still is until the operator has seen the annotation.
    expect(seen).toContain('Moving');
    expect(stage).toBe('Settled');
    for (const { rotation } of await Promise.all(ALL.map(secret))) expect(rotation).toBe(value);
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
function inPod(pod: string, script: string, input: string, container: string[] = []): Promise<string> {
  const bash = ['--', 'bash', '-c', `{ ${script}; } 2>&1 || true`];
  return kubectl.run(['exec', '-i', '-n', NAMESPACE, pod, ...container, ...bash], input);
}

/** What the exporter's container of a pod answers. */
function askExporter(pod: string, port: number, path: string): Promise<string> {
  const ask = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
  return inPod(pod, ask, '', ['-c', 'exporter']);
}

/** Every exporter is let in with this login, and says so; a database knows nobody of the other one. */
async function exportersUse(login: string): Promise<void> {
  for (const [component, port, up] of EXPORTERS) {
    for (const { metadata } of await podsOf(component)) {
      expect(await askExporter(metadata.name, LOGIN_PORT, '/login')).toMatch(new RegExp(`\n${login}\n$`));
      expect(await askExporter(metadata.name, port, '/metrics')).toContain(`\n${up}\n`);
    }
  }
  const query = "select distinct usename from pg_stat_activity where usename like 'auth\\_monitoring%'";
  for (const { metadata } of await podsOf('postgres')) {
    const psql = ['-c', 'postgres', '--', 'psql', '-XAt', '-c', query];
    expect(await kubectl.run(['exec', '-n', NAMESPACE, metadata.name, ...psql])).toBe(`${login}\n`);
  }
}

/** Containers of the database and of poolers, as they are made and started anew. */
async function startsOfContainers(): Promise<string[]> {
  const pods = (await Promise.all(['postgres', 'pooler-rw', 'pooler-ro'].map(podsOf))).flat();
  const starts = ({ status: { containerStatuses = [] } }: Pod) => {
    return containerStatuses.map(({ name, restartCount }) => `${name} ${restartCount}`).sort();
  };
  return pods.map((pod) => `${pod.metadata.uid}: ${starts(pod).join(', ')}`).sort();
}

/** Pods of an earlier release have exporters that read their login once. */
async function bringDatabaseUpToDate(): Promise<void> {
  await changeSpec({ postgres: { updates: 'Automatic' } });
  await settled(ROTATION_SECONDS);
  await changeSpec({ postgres: { updates: 'OnSpecChange' } });
  await settled();
}

/** The password is the only line of the input: it stands on no command line. */
function askDatabase({ username = '', password = '' }: Record<string, string>): Promise<string> {
  const script = `read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U ${username} -d auth -Atc 'select 42'`;
  return inPod(`${NAME}-postgres-0`, script, `${password}\n`);
}

function askRedis(username: string, password = ''): Promise<string> {
  const script = `read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli --no-auth-warning --user ${username} ping`;
  return inPod(`${NAME}-redis-0-0`, script, `${password}\n`);
}

/** In the order of ALL. */
async function expectLetIn([redis = {}, exporter = {}, app = {}]: readonly Record<string, string>[]): Promise<void> {
  expect([await askDatabase(app), await askRedis('auth_api', redis.password)]).toEqual(['42\n', 'PONG\n']);
  expect(await askRedis('monitoring', exporter['redis-password'])).toBe('PONG\n');
  await exportersUse(exporter.username ?? '');
}

async function replaceAll(_: number, note: Note): Promise<void> {
  await bringDatabaseUpToDate();
  const before = await Promise.all(ALL.map(secret));
  const [redis = {}, exporter = {}, app = {}] = before;
  await expectLetIn(before);
  const startedBefore = await startsOfContainers();
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
  const [, exporterNow = {}, appNow = {}] = after;
  expect(exporterNow.username).not.toBe(exporter.username);
  expect(appNow.username).not.toBe(app.username);
  await expectLetIn(after);
  expect(await askDatabase(app)).toContain('FATAL');
  expect(await askRedis('auth_api', redis.password)).toContain('WRONGPASS');
  expect(await askDatabase(exporter)).toContain('FATAL');
  expect(await askRedis('monitoring', exporter['redis-password'])).toContain('WRONGPASS');
  expect(await startsOfContainers()).toEqual(startedBefore);
  await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: 300 });
}

describe('a rotation of the generated credentials', () => {
  clusterTest(
    'replaces all of them without a failed request, and the former ones open nothing',
    () => repeatedly('rotation of all credentials', replaceAll),
    HOUR,
  );
});
