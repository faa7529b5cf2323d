import { describe, expect, test } from '@jest/globals';
import { type ImportLine, importAccounts } from './account-import.ts';
import type { AccountImporter, ImportedAccount, ImportOutcome } from './ports/account-transfer.ts';
import { DependencyUnavailableError } from './ports/dependency-unavailable.ts';

const limits = { batchSize: 3, maxRefused: 4 };

function account(name: string, given: Partial<ImportedAccount> = {}): ImportedAccount {
  return {
    id: `id of ${name}`,
    username: name,
    usernameKey: name,
    email: null,
    isEmailVerified: false,
    displayName: null,
    locale: null,
    passwordHash: null,
    roles: [],
    status: 'active',
    externalId: name,
    createdAt: null,
    ...given,
  };
}

const bad = (number: number): ImportLine => ({
  kind: 'refused',
  number,
  faults: [{ pointer: '', detail: 'is bad' }],
});

async function* numbered(accounts: readonly (ImportedAccount | 'bad')[]): AsyncGenerator<ImportLine> {
  for (const [index, given] of accounts.entries()) {
    yield given === 'bad' ? bad(index + 1) : { kind: 'account', number: index + 1, account: given };
  }
}

/** Remembers its batches. */
class FakeImporter implements AccountImporter {
  readonly batches: string[][] = [];
  readonly #outcome: (account: ImportedAccount, batch: number) => ImportOutcome;

  constructor(outcome: (account: ImportedAccount, batch: number) => ImportOutcome = () => ({ kind: 'created' })) {
    this.#outcome = outcome;
  }

  async importBatch(accounts: readonly ImportedAccount[]): Promise<ImportOutcome[]> {
    this.batches.push(accounts.map(({ username }) => username));
    return accounts.map((each) => this.#outcome(each, this.batches.length));
  }
}

const run = (accounts: readonly (ImportedAccount | 'bad')[], importer: AccountImporter) =>
  importAccounts(numbered(accounts), 'admin', importer, limits);

test('accounts are written in batches, and bad lines between them are told', async () => {
  const importer = new FakeImporter();
  const result = await run([account('a'), 'bad', account('b'), account('c')], importer);
  expect(importer.batches).toEqual([['a', 'b'], ['c']]);
  expect(result).toMatchObject({ kind: 'finished', report: { lastLine: 4, created: 3, unchanged: 0 } });
  expect(result.report.refused.map(({ line }) => line)).toEqual([2]);
});

test('nothing is no fault', async () => {
  expect(await run([], new FakeImporter())).toMatchObject({ kind: 'finished', report: { lastLine: 0, created: 0 } });
});

test.each([
  ['name', {}, {}],
  ['id', { id: 'same' }, { id: 'same', usernameKey: 'b' }],
  [
    'verified address',
    { email: 'a@example.com', isEmailVerified: true },
    { usernameKey: 'b', email: 'A@example.com', isEmailVerified: true },
  ],
])('two of the same %s are in two batches', async (_, first, second) => {
  const importer = new FakeImporter();
  await run([account('a', first), account('a', { id: 'another', ...second })], importer);
  expect(importer.batches).toEqual([['a'], ['a']]);
});

test('what the database refuses is told in the order of lines, with a pointer', async () => {
  const outcomes: Record<string, ImportOutcome> = {
    a: { kind: 'usernameTaken' },
    b: { kind: 'unknownRoles', roles: ['y'] },
  };
  const importer = new FakeImporter(({ username }) => outcomes[username] ?? { kind: 'unchanged' });
  const { report } = await run([account('a'), 'bad', account('b', { roles: ['x', 'y'] })], importer);
  expect(report.refused.map(({ line, faults }) => [line, ...faults.map(({ pointer }) => pointer)])).toEqual([
    [1, '/username'],
    [2, ''],
    [3, '/roles/1'],
  ]);
});

describe('an import ends early', () => {
  test('where too many lines are refused', async () => {
    const importer = new FakeImporter();
    const result = await run([...Array.from({ length: 9 }, () => 'bad' as const), account('a')], importer);
    expect(result.kind).toBe('tooManyRefused');
    expect(result.report.refused).toHaveLength(result.report.lastLine);
    expect(importer.batches).toEqual([]);
  });

  test('where the database is away; what it has is told', async () => {
    const importer = new FakeImporter((_, batch) => {
      if (batch === 2) throw new DependencyUnavailableError('primary', 7);
      return { kind: 'created' };
    });
    const result = await run(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => account(name)),
      importer,
    );
    expect(result).toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: 7,
      report: { lastLine: 3, created: 3 },
    });
  });

  test('where the lines are cut off; what was read last is not written', async () => {
    async function* cutOff() {
      yield* numbered([account('a'), account('b'), account('c'), account('d')]);
      throw new Error('cut off');
    }
    const importer = new FakeImporter();
    await expect(importAccounts(cutOff(), 'admin', importer, limits)).rejects.toThrow('cut off');
    expect(importer.batches).toEqual([['a', 'b', 'c']]);
  });
});
