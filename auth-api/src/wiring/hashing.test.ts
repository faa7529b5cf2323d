import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { parseConfig } from '../config.ts';
import { createLog } from '../observability/log.ts';
import { Metrics } from '../observability/metrics.ts';
import { createPasswordPolicy, startHashing } from './hashing.ts';

const environment = {
  POSTGRES_WRITE_HOST: 'pooler-rw',
  POSTGRES_DATABASE: 'auth',
  TOKEN_ISSUER: 'https://auth.example.com',
  HASH_COST: '4',
};

/** What the start tells of the threads. */
async function choiceWith(variables: Record<string, string>): Promise<unknown> {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  const pool = startHashing(parseConfig({ ...environment, ...variables }), log, new Metrics());
  await pool.close();
  return lines.map((line) => JSON.parse(line));
}

test('ten threads are asked for unless told otherwise, and no more run than the CPUs that there are', async () => {
  const cpus = availableParallelism();
  const limited = cpus < 10 ? 'available-parallelism' : 'request';
  expect(await choiceWith({})).toEqual([
    expect.objectContaining({ workers: Math.min(10, cpus), asked_for: 10, limited_by: limited }),
  ]);
});

test('the log tells that the limit of the pod allows fewer', async () => {
  expect(await choiceWith({ CPU_LIMIT_MILLICORES: '1500' })).toEqual([
    expect.objectContaining({ workers: 1, asked_for: 10, limited_by: 'cpu-limit', queue_length: 10 }),
  ]);
});

test('a password that is hardly more than what users know the service by is refused', () => {
  const policy = createPasswordPolicy(parseConfig({ ...environment, SERVICE_NAME: 'Lighthouse Books' }));
  for (const password of ['Lighthouse Books 24', 'My AuthCluster!']) {
    expect(policy.decide(password, [])).toMatchObject({ kind: 'refused' });
  }
  expect(policy.decide('Elsewhere Songs 24', [])).toEqual({ kind: 'accepted' });
});
