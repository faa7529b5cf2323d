import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const SUPERVISE = resolve(import.meta.dirname, '../../../../images/exporters/supervise');
/** Twice the script's own pause, with time for a machine that is busy. */
const NOTICED_MS = 20_000;
const TEST_MS = 60_000;

/** An exporter that notes what it began with, and its end. */
const EXPORTER = `#!/bin/bash
printf '%s %s/%s %s\n' began "$LOGIN" "$PASSWORD" "$*" >>"$NOTES"
trap 'echo ended >>"$NOTES"; exit 0' TERM
sleep 600 & sleep=$!
echo $$ >"$NOTES.pid"
wait
kill $sleep
`;
/** In the place of the web server, which is not on every machine. */
const BUSYBOX = `#!/bin/bash\nprintf '%s\n' "$*" >"$NOTES.busybox"\nexec sleep 600\n`;

let folder: string;
let supervised: ChildProcess;
const at = (name: string) => join(folder, name);
const read = (name: string) => readFile(at(name), 'utf8').catch(() => '');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supervise-'));
  await Promise.all(['login', 'told', 'bin'].map((name) => mkdir(at(name))));
  for (const [name, script] of Object.entries({ exporter: EXPORTER, busybox: BUSYBOX })) {
    await writeFile(at(`bin/${name}`), script);
    await chmod(at(`bin/${name}`), 0o755);
  }
});

afterEach(async () => {
  if (supervised.exitCode === null) await ended();
  await rm(folder, { recursive: true });
});

/** As a kubelet brings a Secret: another folder, exchanged for the former one in a moment. */
async function mount(version: string, login: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(at(`login/..${version}`));
  for (const [name, value] of Object.entries(login)) await writeFile(at(`login/..${version}/${name}`), value);
  await symlink(`..${version}`, at('login/..data_tmp'));
  await rename(at('login/..data_tmp'), at('login/..data'));
}

function start(): void {
  const env = { PATH: `${at('bin')}:${process.env.PATH}`, NOTES: at('notes') };
  const args = [at('login'), at('told'), '9188', 'exporter', '--flag', 'two words'];
  supervised = spawn(SUPERVISE, args, { env, stdio: 'ignore' });
}

async function ended(): Promise<number | null> {
  const end = new Promise<number | null>((done) => supervised.once('exit', done));
  supervised.kill('SIGTERM');
  return end;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const lateMs = Date.now() + NOTICED_MS;
  while (!(await holds())) {
    if (Date.now() > lateMs) throw new Error(`it did not come to be: ${await read('notes')}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const told = (login: string) => until(async () => (await read('told/login')) === `${login}\n`);
const noted = (...lines: string[]) => until(async () => (await read('notes')) === `${lines.join('\n')}\n`);

describe('the program over an exporter', () => {
  test(
    'starts it with the mounted login, and anew with another, and tells which one it has read',
    async () => {
      await mount('v1', { LOGIN: 'monitoring', PASSWORD: 'first $x "1"' });
      start();
      const first = 'began monitoring/first $x "1" --flag two words';
      await noted(first);
      await told('monitoring');
      await until(async () => (await read('notes.busybox')) === `httpd -f -p 9188 -h ${at('told')}\n`);
      await mount('v2', { LOGIN: 'monitoring_b', PASSWORD: 'second' });
      await told('monitoring_b');
      await noted(first, 'ended', 'began monitoring_b/second --flag two words');
      expect(supervised.exitCode).toBeNull();
    },
    TEST_MS,
  );

  test(
    'leaves it alone where nothing of the login is another',
    async () => {
      await mount('v1', { LOGIN: 'monitoring', PASSWORD: 'first' });
      start();
      await told('monitoring');
      await mount('v2', { LOGIN: 'monitoring', PASSWORD: 'first' });
      await rm(at('login/..v1'), { recursive: true });
      await new Promise((done) => setTimeout(done, 5000));
      expect((await read('notes')).trim().split('\n')).toHaveLength(1);
    },
    TEST_MS,
  );

  test(
    'starts it anew when it has ended by itself, without ending with it',
    async () => {
      await mount('v1', { LOGIN: 'monitoring', PASSWORD: 'first' });
      start();
      await told('monitoring');
      await until(async () => (await read('notes.pid')) !== '');
      process.kill(Number(await read('notes.pid')), 'SIGKILL');
      const began = 'began monitoring/first --flag two words';
      await noted(began, began);
      expect(supervised.exitCode).toBeNull();
    },
    TEST_MS,
  );

  test(
    'waits for a login that is not mounted yet',
    async () => {
      start();
      await until(async () => (await read('notes.busybox')) !== '');
      expect([await read('notes'), await read('told/login')]).toEqual(['', '']);
      await mount('v1', { LOGIN: 'monitoring', PASSWORD: 'first' });
      await told('monitoring');
    },
    TEST_MS,
  );

  test(
    'ends with it when the pod is stopped',
    async () => {
      await mount('v1', { LOGIN: 'monitoring', PASSWORD: 'first' });
      start();
      await until(async () => (await read('notes.pid')) !== '');
      expect(await ended()).toBe(0);
      await noted('began monitoring/first --flag two words', 'ended');
    },
    TEST_MS,
  );
});
