import type { Population } from '../../observability/population-metrics.ts';
import { noPassword } from './account-exporter.ts';
import type { Database, Statement } from './database.ts';

/** The second count reads all hashes: for a metric, now and then. */
const selectPopulation: Statement = {
  name: 'count_population',
  text: `SELECT
      (SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL AND expires_at > now())::float8 AS active_sessions,
      (SELECT count(*) FROM auth.credentials WHERE password_hash !~ $1 AND password_hash <> '${noPassword}')::float8
        AS legacy_hashes,
      (SELECT count(*) FROM auth.mail_outbox)::float8 AS waiting_mails`,
};

const currentFormats = { bcrypt: '^\\$2[aby]\\$', argon2id: '^\\$argon2id\\$' } as const;

/** Counts what the metrics show of all pods' sessions and accounts. */
export async function countPopulationIn(
  database: Database,
  algorithm: keyof typeof currentFormats,
): Promise<Population> {
  type Row = Record<'active_sessions' | 'legacy_hashes' | 'waiting_mails', number>;
  const [row] = await database.query<Row>(selectPopulation, [currentFormats[algorithm]]);
  return {
    activeSessions: row?.active_sessions ?? 0,
    legacyHashes: row?.legacy_hashes ?? 0,
    waitingMails: row?.waiting_mails ?? 0,
  };
}
