import type { Statement } from './database.ts';
import { type ReadSources, sparingPrimary } from './sparing-primary.ts';

const selectActive: Statement = {
  name: 'select_active_users',
  text: `SELECT id FROM auth.users
    WHERE last_login_at > now() - make_interval(secs => $1) AND ($2::uuid IS NULL OR id > $2)
    ORDER BY id LIMIT $3`,
};

/** The ids of the users who logged in within so many seconds, a batch at a time. */
export async function* activeUsers(
  sources: ReadSources,
  { withinSeconds, batchSize }: { readonly withinSeconds: number; readonly batchSize: number },
): AsyncGenerator<readonly string[]> {
  let after: string | null = null;
  for (;;) {
    const values = [withinSeconds, after, batchSize];
    const rows: { id: string }[] = await sparingPrimary(sources, (database) => database.read(selectActive, values));
    if (rows.length > 0) yield rows.map(({ id }) => id);
    if (rows.length < batchSize) return;
    after = rows.at(-1)?.id ?? null;
  }
}
