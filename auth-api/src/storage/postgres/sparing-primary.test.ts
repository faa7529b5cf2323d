import { expect, test } from '@jest/globals';
import pg from 'pg';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { portOf } from '../../testing/fakes.ts';
import type { Database } from './database.ts';
import { sparingPrimary } from './sparing-primary.ts';

const primary = portOf<Database>({});
const replicas = portOf<Database>({});

/** Who was asked, one after the other, by a read that the replicas answer so. */
async function asked(
  ofReplicas: () => Promise<string>,
  sources = { primary, replicas: replicas as Database | undefined },
) {
  const databases: string[] = [];
  const answer = await sparingPrimary(sources, (database) => {
    databases.push(database === primary ? 'primary' : 'replicas');
    return database === primary ? Promise.resolve('of the primary') : ofReplicas();
  }).catch((error: Error) => error.message);
  return { databases, answer };
}

test('replicas are asked, and nobody else', async () => {
  expect(await asked(async () => 'of a replica')).toEqual({ databases: ['replicas'], answer: 'of a replica' });
});

test('the primary is asked where there are none', async () => {
  const { databases } = await asked(async () => 'of a replica', { primary, replicas: undefined });
  expect(databases).toEqual(['primary']);
});

/** As a pool says it that has heard so from the server, or nothing at all. */
const unavailable = (code?: string) => {
  const cause = code === undefined ? new Error('Query read timeout') : new pg.DatabaseError(code, 0, 'error');
  if (cause instanceof pg.DatabaseError) cause.code = code;
  return async () => Promise.reject(new DependencyUnavailableError('replicas', 1, { cause }));
};

test.each([
  ['are silent', undefined],
  ['cannot be reached', '08006'],
  ['had to replay what the statement was in the way of', '40001'],
])('the primary is asked where replicas %s', async (_, code) => {
  expect(await asked(unavailable(code))).toEqual({ databases: ['replicas', 'primary'], answer: 'of the primary' });
});

test('the primary is spared what took a replica too long', async () => {
  expect(await asked(unavailable('57014'))).toMatchObject({ databases: ['replicas'] });
});

test('what is wrong with the statement is not asked twice', async () => {
  const wrong = async () => Promise.reject(new Error('syntax error'));
  expect(await asked(wrong)).toEqual({ databases: ['replicas'], answer: 'syntax error' });
});
