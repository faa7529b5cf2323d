import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { nginxConf } from './nginx.ts';

const SCRIPT = resolve(import.meta.dirname, '../../../../images/gateway/gateway.sh');
/** In the place of nginx: keeps what it is given to read by -c. */
const NGINX = '#!/bin/bash\nuntil [ "$1" = -c ]; do shift; done\ncp "$2" "$READ"\n';
const TEST_MS = 30_000;
const configuration = nginxConf(clusterWith({ gateway: { tls: { secretName: 'acme-tls' } } }));

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  await mkdir(at('bin'));
  await writeFile(at('bin/nginx'), NGINX, { mode: 0o755 });
  await writeFile(at('nginx.conf'), configuration, { mode: 0o444 });
});
afterEach(() => rm(folder, { recursive: true }));

/** What nginx reads, by a command of the script. */
async function readBy(command: 'check' | 'serve'): Promise<string> {
  const env = {
    PATH: `${at('bin')}:${process.env.PATH}`,
    API_HOST: 'localhost',
    CONFIGURATION: at('nginx.conf'),
    IPV4_CONFIGURATION: at('ipv4.conf'),
    IPV6_ADDRESSES: at('if_inet6'),
    READ: at('read'),
  };
  // A group of its own: what watches the certificate outlives this nginx.
  const script = spawn(SCRIPT, [command], { env, stdio: 'ignore', detached: true });
  const code = await new Promise((done) => script.once('exit', done));
  if (command === 'serve' && script.pid !== undefined) process.kill(-script.pid, 'SIGKILL');
  expect(code).toBe(0);
  return readFile(at('read'), 'utf8');
}

describe.each(['check', 'serve'] as const)('gateway %s', (command) => {
  test(
    'has nginx listen by IPv4 alone where the kernel has no IPv6, line by line as mounted otherwise',
    async () => {
      const lines = (await readBy(command)).split('\n');
      const mounted = configuration.split('\n');
      const left = mounted.map((line) => (line.includes('listen [::]') ? '' : line));
      expect(lines).toEqual(left);
      expect(lines.filter((line) => line.includes('listen '))).toHaveLength(3);
    },
    TEST_MS,
  );

  test(
    'has nginx read what is mounted where there is IPv6',
    async () => {
      await writeFile(at('if_inet6'), '');
      expect(await readBy(command)).toBe(configuration);
    },
    TEST_MS,
  );
});
