import type { DayOfLogins, Statistics } from '../../domain/statistics.ts';
import type { Database, Statement } from './database.ts';

/** Along indexes alone. */
const countAccounts: Statement = {
  name: 'count_accounts',
  text: `SELECT count(*)::float8 AS accounts, count(*) FILTER (WHERE status = 'active')::float8 AS active,
      (SELECT count(*) FROM auth.sessions WHERE ended_at IS NULL AND expires_at > now())::float8 AS live_sessions
    FROM auth.users`,
};

/** Days that are over have been counted (see audit-maintenance.ts); what is left to count is at most two of them. */
const countLogins: Statement = {
  name: 'count_logins',
  text: `WITH uncounted AS (
      SELECT d.day FROM (SELECT (now() AT TIME ZONE 'UTC')::date - ago AS day FROM generate_series(0, 1) AS ago) d
      WHERE NOT EXISTS (SELECT FROM auth.login_counts c WHERE c.day = d.day)
    )
    SELECT day::text AS day, outcome, error, count::float8 AS count FROM auth.login_counts
    WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::integer AND count > 0
    UNION ALL
    SELECT u.day::text, e.outcome, coalesce(e.error, ''), count(*)::float8
    FROM uncounted u JOIN auth.audit_events e ON e.type IN ('login', 'complete_login', 'complete_password_change')
      AND e.occurred_at >= u.day::timestamp AT TIME ZONE 'UTC'
      AND e.occurred_at < (u.day + 1)::timestamp AT TIME ZONE 'UTC'
    WHERE u.day > (now() AT TIME ZONE 'UTC')::date - $1::integer
    GROUP BY 1, 2, 3
    ORDER BY day DESC, outcome, error`,
};

/** @param database a replica will do */
export async function readStatistics(database: Database, days: number): Promise<Statistics> {
  type Counts = Record<'accounts' | 'active' | 'live_sessions', number>;
  // One after the other: both may take long, and others have something to count as well.
  const [counts] = await database.read<Counts>(countAccounts, []);
  const logins = await database.read<DayOfLogins>(countLogins, [days]);
  const { accounts = 0, active = 0, live_sessions: liveSessions = 0 } = counts ?? {};
  return { accounts: { active, disabled: accounts - active }, liveSessions, logins };
}
