import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../images/redis/start-redis');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-redis-'));
});
afterEach(() => rm(folder, { recursive: true }));

const ME = 'a1 10.0.0.1:6379@16379,x-redis-0-0.x';
const OTHER = 'b2 10.0.0.2:6379@16379,x-redis-0-1.x';
const VARS = 'vars currentEpoch 3 lastVoteEpoch 0';
const PRIMARY = `${ME} myself,master - 0 0 1 connected 0-5460`;
const REPLICA = `${OTHER} slave a1 0 1 1 connected`;

interface Start {
  nodes?: string[];
  appendonly?: 'yes' | 'no';
}

/** Whether it waited before it started Redis, and which files Redis found. */
async function start({ nodes, appendonly = 'no' }: Start): Promise<{ waited: boolean; files: string[] }> {
  const data = await mkdtemp(join(folder, 'data-'));
  const configuration = join(folder, 'redis.conf');
  await writeFile(configuration, `port 6379\nappendonly ${appendonly}\n`);
  await writeFile(join(data, 'dump.rdb'), '');
  if (nodes !== undefined) await writeFile(join(data, 'nodes.conf'), `${[...nodes, VARS].join('\n')}\n`);
  await writeFile(join(folder, 'redis-server'), '#!/bin/bash\necho "started $*"\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, REDIS_DATA: data, START_AWAY_SECONDS: '0' };
  const { stdout } = await run('bash', [script, configuration, '--port', '1'], { env });
  expect(stdout).toContain(`started ${configuration} --port 1`);
  return { waited: stdout.includes('may take its place'), files: await readdir(data) };
}

describe('a Redis container that starts', () => {
  test.each<[string, Start, boolean]>([
    ['lets its replica be elected where it was a primary', { nodes: [PRIMARY, REPLICA] }, true],
    ['waits for nobody as a new node', {}, false],
    ['waits for nobody without a replica', { nodes: [PRIMARY, `${OTHER} master - 0 1 2 connected 5461-10921`] }, false],
    [
      'waits for nobody when its replica is lost, too',
      { nodes: [PRIMARY, `${OTHER} slave,fail a1 0 1 1 connected`] },
      false,
    ],
    ['waits for nobody without slots', { nodes: [`${ME} myself,master - 0 0 1 connected`, REPLICA] }, false],
    ['waits for nobody as a replica', { nodes: [`${ME} myself,slave b2 0 0 1 connected`] }, false],
    ['waits for nobody with its data', { nodes: [PRIMARY, REPLICA], appendonly: 'yes' }, false],
  ])('%s', async (_what, given, waited) => {
    expect((await start(given)).waited).toBe(waited);
  });

  test('as a primary does not take up what it once got as a replica', async () => {
    expect((await start({ nodes: [PRIMARY] })).files).toEqual(['nodes.conf']);
    expect((await start({ nodes: [PRIMARY], appendonly: 'yes' })).files).toContain('dump.rdb');
  });
});
