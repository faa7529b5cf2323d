import { describe, expect, test } from '@jest/globals';
import { DatabaseError } from 'pg';
import { type AskRow, primaryProblem, replicaProblem, type ServerFacts, serverFacts } from './server-facts.ts';

const named = { address: 'db.example:5432', addressField: 'spec.postgres.external.replicas.hosts' };
const primary: ServerFacts = { inRecovery: false, maxConnections: 100 };
const replica: ServerFacts = { inRecovery: true, maxConnections: 100 };

function refusal(code: string, message: string): DatabaseError {
  return Object.assign(new DatabaseError(message, 0, 'error'), { code });
}

/** A server that answers with these facts; `position` is its answer to the function that is asked for its position. */
function server({ position, ...facts }: ServerFacts & { position: string | null | Error }) {
  const asked: string[] = [];
  const ask = async (query: string) => {
    const [, name] = /(pg_\w+_lsn)/.exec(query) ?? [];
    if (name === undefined) return facts;
    asked.push(name);
    if (position instanceof Error) throw position;
    return { position };
  };
  return { ask: ask as AskRow, asked };
}

describe('what a server tells of itself', () => {
  test.each([
    [primary, 'pg_current_wal_lsn'],
    [replica, 'pg_last_wal_replay_lsn'],
  ])('is its position, by the function that the auth API asks it for: %j', async (facts, name) => {
    const { ask, asked } = server({ ...facts, position: '0/1' });
    expect(await serverFacts(ask)).toEqual(facts);
    expect(asked).toEqual([name]);
  });

  test.each([
    [primary, refusal('55000', "wal_level must be set to 'logical'"), 'pg_current_wal_lsn(): wal_level must be'],
    [replica, refusal('0A000', 'currently not supported for Aurora'), 'pg_last_wal_replay_lsn(): currently not'],
    [replica, refusal('42883', 'does not exist'), 'pg_last_wal_replay_lsn(): does not exist'],
    [replica, null, 'pg_last_wal_replay_lsn() is null'],
  ])('is the rest, too, where it does not tell its position: %j', async (facts, position, words) => {
    const seen = await serverFacts(server({ ...facts, position }).ask);
    expect(seen).toEqual({ ...facts, positionMissing: expect.stringContaining(words) });
  });

  test.each([refusal('57P01', 'terminating connection'), new Error('Query read timeout')])(
    'is nothing where it goes away meanwhile: %s',
    async (error) => {
      await expect(serverFacts(server({ ...primary, position: error }).ask)).rejects.toBe(error);
    },
  );
});

describe('a server that is named as the primary', () => {
  test.each<[Partial<ServerFacts>, string | undefined]>([
    [{}, undefined],
    [{ maxConnections: 99 }, 'TooFewConnections'],
    [{ inRecovery: true }, 'NotPrimary'],
    [{ positionMissing: 'why' }, 'PositionMissing'],
  ])('that says %j has the problem %s', (over, reason) => {
    expect(primaryProblem({ ...primary, ...over }, named, 100)?.reason).toBe(reason);
  });

  test('and is Aurora is refused with what to use instead', () => {
    const { message } = primaryProblem({ ...primary, positionMissing: 'wal_level' }, named, 100) ?? {};
    expect(message).toContain('db.example:5432 does not tell its write position (wal_level)');
    expect(message).toContain('Aurora is not supported');
  });
});

describe('a server that is named as a replica', () => {
  test.each<[Partial<ServerFacts>, string | undefined, string]>([
    [{}, undefined, ''],
    [{ maxConnections: 1 }, undefined, ''],
    [{ inRecovery: false }, 'NotReplica', 'db.example:5432 is no replica'],
    [{ inRecovery: false, positionMissing: 'why' }, 'NotReplica', 'remove it'],
    [{ positionMissing: 'why' }, 'PositionMissing', 'replayed (why), so that the primary answers all reads'],
  ])('that says %j has the shortcoming %s', (over, reason, words) => {
    const found = replicaProblem({ ...replica, ...over }, named);
    expect(found?.reason).toBe(reason);
    expect(found?.message ?? '').toContain(words);
  });
});
