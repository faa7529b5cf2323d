import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { ADMINISTRATOR, type FakeAuthApi, startFakeAuthApi } from '../testing/fake-auth-api.ts';
import { loadRun } from './load-run.ts';
import { parseRunOptions } from './run-options.ts';

let api: FakeAuthApi | undefined;
afterEach(() => api?.close());

const k6IsThere = spawnSync('k6', ['version']).status === 0;

(k6IsThere ? test : test.skip)(
  'a run seeds, loads, watches, judges and reports',
  async () => {
    api = await startFakeAuthApi({ loginMs: 20 });
    process.env.LOAD_ADMIN_USERNAME = ADMINISTRATOR.username;
    process.env.LOAD_ADMIN_PASSWORD = ADMINISTRATOR.password;
    const directory = await mkdtemp(join(tmpdir(), 'load-run-'));
    const said: string[] = [];
    const args = ['--scenario=normal-login', '--scale=0.001', '--time-scale=0.004', `--url=${api.url}`];
    const options = parseRunOptions([...args, `--metrics=${api.url}/metrics`, '--note=in memory']);
    const result = await loadRun(options, directory, (line) => said.push(line));
    // And the administrator's.
    expect(result.endpoints.login?.requests).toBe((api.answers.get('POST /v1/login 200') ?? 0) - 1);
    const counted = result.intervals.reduce((sum, { endpoints }) => sum + (endpoints.all?.requests ?? 0), 0);
    expect(counted).toBe(result.endpoints.all?.requests);
    expect(result.samples.length).toBeGreaterThan(3);
    expect(result.samples.some(({ machineUtilisation }) => (machineUtilisation ?? 0) > 0)).toBe(true);
    expect(said).toContain('users: 10 made, 0 there already');
    expect(said.filter((line) => line.startsWith('not measured')).length).toBe(1);
    expect(JSON.parse(await readFile(join(directory, 'result.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(result)),
    );
    expect(await readFile(join(directory, 'report.html'), 'utf8')).toContain('auth API: in memory');
  },
  60_000,
);
