import { expect, test } from '@jest/globals';
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

test('the primary is asked where replicas cannot be', async () => {
  const down = async () => Promise.reject(new DependencyUnavailableError('replicas', 1));
  expect(await asked(down)).toEqual({ databases: ['replicas', 'primary'], answer: 'of the primary' });
});

test('what is wrong with the statement is not asked twice', async () => {
  const wrong = async () => Promise.reject(new Error('syntax error'));
  expect(await asked(wrong)).toEqual({ databases: ['replicas'], answer: 'syntax error' });
});
