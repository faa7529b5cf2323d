import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../images/redis/ready');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ready-'));
});
afterEach(() => rm(folder, { recursive: true }));

const info = (knownNodes: number) => `cluster_state:ok\r\ncluster_known_nodes:${knownNodes}\r\ncluster_size:3\r\n`;
const other = '07c3 10.0.0.2:6379@16379,b slave e7d1 0 1426238317239 4 connected';
const nodes = (me: string) => `${other}\ne7d1 10.0.0.1:6379@16379,a myself,${me}\n`;
const primary = nodes('master - 0 0 1 connected 0-5460');
const replica = nodes('slave 07c3 0 0 1 connected');
const link = (status: string) => `# Replication\r\nrole:slave\r\nmaster_link_status:${status}\r\n`;

test.each([
  ['a primary with slots', [info(6), primary, '# Replication\r\nrole:master\r\n', 'PONG'], undefined],
  ['a replica in sync', [info(6), replica, link('up'), 'PONG'], undefined],
  ['one that knows ten others', [info(11), primary, '', 'PONG'], undefined],
  ['one that waits to be met', [info(1), primary, '', 'PONG'], 'knows no other node'],
  ['a primary without slots', [info(6), nodes('master - 0 0 1 connected'), '', 'PONG'], 'a primary without slots'],
  ['a replica that waits for its primary', [info(6), replica, link('down'), 'PONG'], 'a replica that is not in sync'],
  ['one that loads its data', ['LOADING', 'LOADING', 'LOADING', 'LOADING'], 'no answer to PING'],
  ['one that refuses the login', ['NOAUTH', 'NOAUTH', 'NOAUTH', 'NOAUTH'], 'no answer to PING'],
  ['one that does not answer', [], 'no answer to PING'],
])('%s', async (_, answers, reason) => {
  await writeFile(join(folder, 'answers'), answers.map((each) => `${each}\n`).join(''));
  await writeFile(join(folder, 'password'), 'secret');
  const redisCli = [
    '#!/bin/bash',
    // As they are asked, by a user and a password that is on no command line.
    '[ "$REDISCLI_AUTH $*" = "secret --no-auth-warning --user operator -p 6379" ] || exit 1',
    `[ "$(cat)" = $'cluster info\\ncluster nodes\\ninfo replication\\nping' ] && cat ${folder}/answers`,
  ];
  await writeFile(join(folder, 'redis-cli'), redisCli.join('\n'), { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env.PATH}`, HANDOVER_PASSWORD_FILE: join(folder, 'password') };
  const said = await run(script, { env }).then(
    ({ stdout }) => stdout,
    ({ code, stdout }: { code: number; stdout: string }) => `not ready (${code}): ${stdout.trim()}`,
  );
  expect(said).toBe(reason === undefined ? '' : `not ready (1): ${reason}`);
});

test.each([
  ['exit 0', 'Status: 200 OK', ''],
  ['echo a primary without slots; exit 1', 'Status: 503 Service Unavailable', 'a primary without slots'],
  ['sleep 60', 'Status: 503 Service Unavailable', ''],
])('the page of a check that does `%s`', async (check, status, body) => {
  await writeFile(join(folder, 'ready'), `#!/bin/bash\n${check}`, { mode: 0o755 });
  const { stdout } = await run(`${script}-page`, { env: { PATH: `${folder}:${process.env.PATH}` } });
  expect(stdout).toBe(`${status}\r\nContent-Type: text/plain\r\n\r\n${body}\n`);
});
