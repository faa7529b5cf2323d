import type { CountedNumber } from '../../background/population-counter.ts';
import type { Population } from '../../observability/population-metrics.ts';
import { noPassword } from './account-exporter.ts';
import type { Database, Statement, Value } from './database.ts';
import { type ReadSources, sparingPrimary } from './sparing-primary.ts';

export type HashAlgorithm = keyof typeof currentFormats;

const currentFormats = { bcrypt: '^\\$2[aby]\\$', argon2id: '^\\$argon2id\\$' } as const;

const countActiveSessions: Statement = {
  name: 'count_active_sessions',
  text: 'SELECT count(*)::float8 AS count FROM auth.sessions WHERE ended_at IS NULL AND expires_at > now()',
};

/** Reads all hashes: now and then. */
const countLegacyHashes: Statement = {
  name: 'count_legacy_hashes',
  text: `SELECT count(*)::float8 AS count FROM auth.credentials
    WHERE password_hash !~ $1 AND password_hash <> '${noPassword}'`,
};

const countWaitingMails: Statement = {
  name: 'count_waiting_mails',
  text: 'SELECT count(*)::float8 AS count FROM auth.mail_outbox',
};

const selectCounts: Statement = {
  name: 'select_population',
  text: `SELECT name, count::float8 AS count, extract(epoch FROM now() - counted_at)::float8 AS age_seconds
    FROM auth.population_counts`,
};

const writeCount: Statement = {
  name: 'write_population_count',
  text: `INSERT INTO auth.population_counts (name, count, counted_at) VALUES ($1, $2, now())
    ON CONFLICT (name) DO UPDATE SET count = excluded.count, counted_at = excluded.counted_at`,
};

const intervals = { activeSessions: 60, legacyHashes: 3_600, waitingMails: 60 } as const;
/** A number older than so many intervals is not shown: nobody can count it any more. */
const shownIntervals = 5;

/** Pods of two releases may make hashes of different formats for a while. */
function nameOf(number: keyof Population, algorithm: HashAlgorithm): string {
  return number === 'legacyHashes' ? `legacyHashes beside ${algorithm}` : number;
}

/** What metrics show of all pods' sessions, accounts and mails. */
export function populationNumbers(sources: ReadSources, algorithm: HashAlgorithm): readonly CountedNumber[] {
  const numberOf = (number: keyof Population, statement: Statement, values: readonly Value[] = []): CountedNumber => ({
    name: nameOf(number, algorithm),
    intervalSeconds: intervals[number],
    count: () =>
      sparingPrimary(sources, async (database) => {
        const [row] = await database.query<{ count: number }>(statement, values);
        return row?.count ?? 0;
      }),
  });
  return [
    numberOf('activeSessions', countActiveSessions),
    numberOf('waitingMails', countWaitingMails),
    numberOf('legacyHashes', countLegacyHashes, [currentFormats[algorithm]]),
  ];
}

interface CountRow {
  name: string;
  count: number;
  age_seconds: number;
}

export async function populationAges(primary: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await primary.read<CountRow>(selectCounts, []);
  return new Map(rows.map(({ name, age_seconds }) => [name, age_seconds]));
}

export async function writePopulationCount(primary: Database, name: string, count: number): Promise<void> {
  await primary.query(writeCount, [name, count]);
}

/** What some pod has counted lately; undefined what none has. */
export async function readPopulation(database: Database, algorithm: HashAlgorithm): Promise<Population> {
  const rows = await database.query<CountRow>(selectCounts, []);
  const shown = (number: keyof Population) => {
    const row = rows.find(({ name }) => name === nameOf(number, algorithm));
    return row !== undefined && row.age_seconds < shownIntervals * intervals[number] ? row.count : undefined;
  };
  return {
    activeSessions: shown('activeSessions'),
    legacyHashes: shown('legacyHashes'),
    waitingMails: shown('waitingMails'),
  };
}
