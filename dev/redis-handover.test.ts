import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../images/redis/handover');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handover-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the script of a primary with one replica, which becomes a replica itself at the command `yieldsTo`. */
async function handOver(yieldsTo: string): Promise<string[]> {
  const log = join(folder, 'commands');
  const role = join(folder, 'role');
  await writeFile(log, '');
  await writeFile(role, 'master\n');
  const redisCli = [
    '#!/bin/bash',
    'while [ $# -gt 0 ]; do case $1 in --no-auth-warning) shift ;; --user|-h|-p) shift 2 ;; *) break ;; esac; done',
    `case "$*" in role) cat ${role} ;;`,
    '  "info replication") echo slave0:ip=10.0.0.2,port=6379,state=online,offset=7,lag=0 ;;',
    `  *) echo "$*" >>${log}; [ "$*" = "${yieldsTo}" ] && echo slave >${role}; echo OK ;;`,
    'esac',
  ];
  await writeFile(join(folder, 'redis-cli'), redisCli.join('\n'), { mode: 0o755 });
  const PATH = `${folder}:${process.env.PATH}`;
  const env = {
    ...process.env,
    PATH,
    HANDOVER_VOTES_SECONDS: '1',
    HANDOVER_TAKEOVER_SECONDS: '1',
    HANDOVER_LOG: '/dev/null',
  };
  await run('bash', [script], { env });
  return (await readFile(log, 'utf8')).trim().split('\n');
}

describe('a Redis primary that stops', () => {
  test.each<[string, string, string[]]>([
    ['hands over by votes', 'cluster failover', ['cluster failover']],
    [
      'has its replica take over where there are none',
      'cluster failover takeover',
      ['cluster failover', 'cluster failover takeover'],
    ],
    ['is not held up for good', 'nothing', ['cluster failover', 'cluster failover takeover']],
  ])('%s', async (_what, yieldsTo, commands) => {
    expect(await handOver(yieldsTo)).toEqual(commands);
  });
});
