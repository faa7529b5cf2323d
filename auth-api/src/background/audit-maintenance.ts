import type { Database, Statement } from '../storage/postgres/database.ts';

const createAndDropPartitions: Statement = {
  name: 'maintain_audit_events',
  text: 'SELECT created, dropped FROM auth.maintain_audit_events($1)',
};

/** One day at a time: the oldest that is over and not counted yet. Ten minutes later no pod has anything of it left to write. */
export const countLogins: Statement = {
  name: 'count_logins_of_day',
  text: `WITH days AS (
      SELECT (now() AT TIME ZONE 'UTC' - interval '10 minutes')::date - ago AS day FROM generate_series(1, 31) AS ago
    ), missing AS (
      SELECT d.day FROM days d
      WHERE NOT EXISTS (SELECT FROM auth.login_counts c WHERE c.day = d.day) ORDER BY d.day LIMIT 1
    )
    INSERT INTO auth.login_counts (day, outcome, error, count)
    SELECT m.day, coalesce(e.outcome, 'success'), coalesce(e.error, ''), count(e.id)
    FROM missing m LEFT JOIN auth.audit_events e ON e.type IN ('login', 'complete_login', 'complete_password_change')
      AND e.occurred_at >= m.day::timestamp AT TIME ZONE 'UTC'
      AND e.occurred_at < (m.day + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING
    RETURNING day`,
};

export interface PartitionsMaintained {
  readonly partitionsCreated: number;
  readonly partitionsDropped: number;
}

/** Partitions for what is to come, and none for what is past its retention. */
export async function maintainPartitions(primary: Database, retentionDays: number): Promise<PartitionsMaintained> {
  type Row = { created: number; dropped: number };
  const [row] = await primary.query<Row>(createAndDropPartitions, [retentionDays]);
  return { partitionsCreated: row?.created ?? 0, partitionsDropped: row?.dropped ?? 0 };
}

export async function countLoginsOfDay(primary: Database): Promise<void> {
  await primary.query(countLogins, []);
}
