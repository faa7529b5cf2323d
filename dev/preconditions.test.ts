import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CommandError, runCommand } from './command.ts';

const GIB_IN_KIB = 1024 * 1024;

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'preconditions-'));
  await mkdir(join(cache, 'bin'));
});
afterEach(() => rm(cache, { recursive: true }));

/** Puts a program first on PATH: the scripts' own folder of tools is. */
async function stub(program: string, script: string): Promise<void> {
  const file = join(cache, 'bin', program);
  await writeFile(file, `#!/bin/bash\n${script}\n`);
  await chmod(file, 0o755);
}

const stubEngine = () => stub('docker', `case $1 in info) echo '${cache}' ;; esac`);
const stubFreeDisk = (gib: number) => stub('df', `echo header; echo / 0 0 ${gib * GIB_IN_KIB} 0% /`);

/** Error output and exit code of a command; an empty text and 0 where it is content. */
async function run(program: string, args: string[]): Promise<{ exitCode: number | undefined; said: string }> {
  try {
    await runCommand(program, args, { environment: { AUTHCLUSTER_CACHE: cache } });
    return { exitCode: 0, said: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode, said: error.stderr };
  }
}

/** Runs lines of shell in which the checks are known. */
function check(...lines: string[]) {
  const sources = ['settings', 'progress', 'preconditions'].map((name) => `. dev/${name}.sh`);
  return run('bash', ['-c', ['set -euo pipefail', ...sources, ...lines].join('\n')]);
}

const content = { exitCode: 0, said: '' };
const refusal = (...parts: string[]) => ({
  exitCode: 1,
  said: expect.stringMatching(new RegExp(`^(?=[^]*\nNext: .+)[^]*${parts.join('[^]*')}`)),
});

describe('a port', () => {
  test('that is in use is named, with how to find who has it', async () => {
    const server = createServer((connection) => connection.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const lines = [`HOST_PORTS=(${port})`, 'check_ports'];
    expect(await check(...lines)).toEqual(refusal(`Port ${port} of 127.0.0.1 is in use`, 'ss -ltnp'));
    await new Promise((resolve) => server.close(resolve));
    expect(await check(...lines)).toEqual(content);
  });
});

describe('disk', () => {
  beforeEach(stubEngine);

  test('of 15 GiB is enough', async () => {
    await stubFreeDisk(15);
    expect(await check('check_disk')).toEqual(content);
  });

  test('of less is refused, with the folder and how to make room', async () => {
    await stubFreeDisk(14);
    expect(await check('check_disk')).toEqual(
      refusal(`${cache} has 14 GiB of free disk; 15 GiB are needed`, 'docker system df'),
    );
  });
});

describe('memory', () => {
  const withFree = async (gib: number) => {
    await writeFile(join(cache, 'meminfo'), `MemTotal: 99999999 kB\nMemAvailable: ${gib * GIB_IN_KIB} kB\n`);
    return check(`MEMINFO=${cache}/meminfo`, 'check_memory');
  };

  test('of 6 GiB is enough', async () => {
    expect(await withFree(6)).toEqual(content);
  });

  test('of less is refused', async () => {
    expect(await withFree(5)).toEqual(refusal('5 GiB of memory are free; the cluster needs 6 GiB', 'CONTEXT=name'));
  });
});

describe('the system', () => {
  const onlyStubs = ['PATH=$CACHE_DIR/bin', 'check_system'];
  const TOOLS = ['awk', 'flock', 'npm'];

  beforeEach(() => stub('uname', 'echo Linux'));

  test('is fine with the tools there', async () => {
    for (const tool of TOOLS) await stub(tool, '');
    expect(await check(...onlyStubs)).toEqual(content);
  });

  test.each(TOOLS)('without %s is told what to install', async (missing) => {
    for (const tool of TOOLS.filter((name) => name !== missing)) await stub(tool, '');
    expect(await check(...onlyStubs)).toEqual(refusal(`There is no ${missing}`, 'install it'));
  });

  test('must be Linux', async () => {
    await stub('uname', 'echo Darwin');
    expect(await check(...onlyStubs)).toEqual(refusal('made for Linux', 'Darwin', 'CONTEXT=name'));
  });
});

describe('tools.sh', () => {
  test('says what to install where there is neither a tool nor Go to build it with', async () => {
    // Of what is on PATH, only what the script itself runs.
    await stub('npm', '');
    for (const program of ['dirname', 'bash']) await symlink(`/usr/bin/${program}`, join(cache, 'bin', program));
    expect(await run('env', [`PATH=${cache}/bin`, 'bash', 'dev/tools.sh'])).toEqual(
      refusal('There is no suitable kind on PATH, and no Go', 'install kind'),
    );
  });
});

describe('cluster.sh up', () => {
  test('asks before it builds or makes anything', async () => {
    await stubEngine();
    await stubFreeDisk(0);
    for (const program of ['kind', 'helm', 'go']) await stub(program, `echo ${program} was called >&2`);
    const { exitCode, said } = await run('dev/cluster.sh', ['up']);
    expect(exitCode).toBe(1);
    expect(said).toContain('\nNext: ');
    expect(said).not.toContain('was called');
  });
});
