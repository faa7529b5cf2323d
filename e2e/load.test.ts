import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { loadRun } from '../load/src/run/load-run.ts';
import { parseRunOptions } from '../load/src/run/run-options.ts';
import type { RunResult } from '../load/src/run/run-result.ts';
import { changeSpec, kubectl, NAME, NAMESPACE, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import { importer } from './support/load-importer.ts';

/** All take two minutes, and are played at once, with users of their own: 10, 30 and 10. */
const SMOKES = {
  'normal-login': ['--scale=0.001', `--time-scale=${2 / 30}`],
  'token-refresh-storm': ['--scale=0.0006', `--time-scale=${2 / 15}`],
  'mixed-error': ['--scale=0.002', `--time-scale=${2 / 20}`],
} as const;
type Scenario = keyof typeof SMOKES;

/** Where requests of this machine come from: nodes, pods and, in a cluster of one's own, kubectl's port-forward. */
const THIS_MACHINE = ['172.16.0.0/12', '10.244.0.0/16', '127.0.0.0/8'];

// k6 is built where Go is; a layer before this one sees to it.
const k6IsThere = spawnSync('k6', ['version']).status === 0;
const client = gatewayClient();

/**
 * Whoever makes the load says which client each request is of; limits then count users and not this machine. The queue of the
 * sample is that of a single thread: on a machine that also makes the load it turns people away, as it should.
 */
async function trustProxies(addresses: readonly string[] | null): Promise<void> {
  const queueLength = addresses === null ? null : 100;
  await changeSpec({ gateway: { trustedProxies: addresses }, api: { hashing: { queueLength } } });
  await readyAuthCluster();
  await kubectl.run(['rollout', 'status', '-n', NAMESPACE, `deployment/${NAME}-gateway`, '--timeout=240s']);
}

async function play(scenario: Scenario, watch: readonly string[]): Promise<RunResult> {
  const directory = await mkdtemp(join(tmpdir(), 'authcluster-load-'));
  const args = [`--scenario=${scenario}`, `--url=${client.url}`, `--password-seed=${scenario}`, ...SMOKES[scenario]];
  const result = await loadRun(parseRunOptions([...args, ...watch]), directory, () => {});
  expect(await readFile(join(directory, 'report.html'), 'utf8')).toContain(scenario);
  return result;
}

/** What holds however busy the machine is; latency is not among it. */
function expectFewFailures({ endpoints }: RunResult): void {
  expect(endpoints.all).toBeDefined();
  expect(endpoints.all?.failedShare).toBeLessThan(0.01);
}

(k6IsThere ? describe : describe.skip)('two minutes of each load scenario', () => {
  let results: Record<Scenario, RunResult>;

  beforeAll(
    () =>
      withDiagnosis(async () => {
        await trustProxies(THIS_MACHINE);
        const { username, password } = await importer(client);
        Object.assign(process.env, { LOAD_ADMIN_USERNAME: username, LOAD_ADMIN_PASSWORD: password });
        const watch = [`--cluster=${NAMESPACE}/${NAME}`, `--context=${kubectl.context}`];
        const [normal, storm, mixed] = await Promise.all([
          play('normal-login', watch),
          play('token-refresh-storm', []),
          play('mixed-error', []),
        ]);
        results = { 'normal-login': normal, 'token-refresh-storm': storm, 'mixed-error': mixed };
      }),
    SET_UP_TIMEOUT_MS,
  );
  afterAll(() => trustProxies(null), SET_UP_TIMEOUT_MS);

  clusterTest('normal-login: users log in, work and log out, and what the API does meanwhile is seen', async () => {
    const result = results['normal-login'];
    expectFewFailures(result);
    const { login, profile, verify, logout } = result.endpoints;
    expect(login?.requests).toBeGreaterThanOrEqual(result.scenario.users);
    expect(profile?.requests).toBeGreaterThan(0);
    expect(logout?.requests).toBeGreaterThan(0);
    expect(verify?.requests).toBeGreaterThan(login?.requests ?? 0);
    const seen = result.samples.find(({ api }) => api !== undefined);
    expect(seen?.api?.pods).toBeGreaterThanOrEqual(1);
    expect(result.totals.apiCpuCores).toBeGreaterThan(0);
  });

  clusterTest('token-refresh-storm: everybody refreshes twice', async () => {
    const result = results['token-refresh-storm'];
    expectFewFailures(result);
    const { users } = result.scenario;
    const { login, refresh } = result.endpoints;
    expect(login?.requests).toBe(users);
    const loggedIn = Math.round(users * (1 - (login?.failedShare ?? 0)));
    expect(refresh?.requests).toBeGreaterThanOrEqual(Math.floor(1.9 * loggedIn));
    expect(refresh?.requests).toBeLessThanOrEqual(2 * users);
  });

  clusterTest('mixed-error: wrong passwords are refused, and are no errors', async () => {
    const result = results['mixed-error'];
    expectFewFailures(result);
    const logins = result.endpoints.login?.requests ?? 0;
    expect(logins).toBeGreaterThanOrEqual(result.scenario.users);
    expect(result.totals.expectedRefusals).toBeGreaterThan(0);
    expect(result.totals.expectedRefusals).toBeLessThan(logins);
  });
});
