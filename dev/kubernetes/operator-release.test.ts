import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StepFailure } from '../step-failure.ts';
import { Kubectl } from './kubectl.ts';
import { installOperator } from './operator-release.ts';

const PATH = process.env.PATH;
const patience = { patienceMs: 5000, pauseMs: 1 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operator-release-'));
  process.env.PATH = `${folder}:${PATH}`;
});
afterEach(async () => {
  process.env.PATH = PATH;
  await rm(folder, { recursive: true });
});

/** A program that fails with these words so many times, and then does as it is told, and notes each time. */
async function stub(program: string, words: string, failures: number): Promise<void> {
  const calls = join(folder, `${program}.calls`);
  const script = [
    '#!/bin/bash',
    `echo "$1" >>${calls}`,
    `[ "$(wc -l <${calls})" -gt ${failures} ] || { echo '${words}' >&2; exit 1; }`,
  ];
  await writeFile(join(folder, program), script.join('\n'), { mode: 0o755 });
}

const callsOf = async (program: string) =>
  (await readFile(join(folder, `${program}.calls`), 'utf8')).split('\n').length - 1;
const install = () => installOperator(new Kubectl('kind-test'), { timeoutSeconds: 1 }, patience);

test.each([
  'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
  'dial tcp 127.0.0.1:6443: connect: connection refused',
  'Error from server: etcdserver: request timed out',
  'net/http: TLS handshake timeout',
  'Unable to connect to the server: EOF',
  'Error from server (ServiceUnavailable): the server is currently unable to handle the request',
])('an API server that is away for a while is waited for: %s', async (words) => {
  await stub('kubectl', words, 2);
  await stub('helm', words, 1);
  await install();
  expect(await callsOf('helm')).toBe(2);
});

test('anything else is told at once, as it was said', async () => {
  await stub('kubectl', '', 0);
  await stub('helm', 'Error: UPGRADE FAILED: context deadline exceeded', 1);
  await expect(install()).rejects.toThrow('UPGRADE FAILED: context deadline exceeded');
  expect(await callsOf('helm')).toBe(1);
});

test('of a release that was left in its midst, it is told how to go on', async () => {
  await stub('kubectl', '', 0);
  await stub('helm', 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress', 1);
  const failure = await install().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StepFailure);
  expect((failure as StepFailure).next).toContain('helm --kube-context kind-test -n authcluster-system rollback');
});

test('where no images were named, it is told what names them', async () => {
  const installation = { valuesFile: join(folder, 'none.yaml'), timeoutSeconds: 1 };
  const failure = await installOperator(new Kubectl('kind-test'), installation).catch((error: unknown) => error);
  expect((failure as StepFailure).next).toContain('make images');
});
