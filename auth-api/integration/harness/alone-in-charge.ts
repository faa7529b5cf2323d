import { connect } from './postgres.ts';
import { runningStack } from './running-stack.ts';

/** Leaves one account that may change roles while it runs: the others are disabled, and keep their sessions. */
export async function whileAloneInCharge<T>(userId: string, run: () => Promise<T>): Promise<T> {
  const database = await connect(runningStack().primaryPort, 'postgres');
  try {
    const { rows } = await database.query<{ id: string }>(
      `UPDATE auth.users SET status = 'disabled' WHERE status = 'active' AND id <> $1 AND id IN (
        SELECT ur.user_id FROM auth.permissions p JOIN auth.role_permissions rp ON rp.permission_id = p.id
          JOIN auth.user_roles ur ON ur.role_id = rp.role_id WHERE p.name = 'authcluster.roles.write'
        UNION SELECT up.user_id FROM auth.permissions p JOIN auth.user_permissions up ON up.permission_id = p.id
          WHERE p.name = 'authcluster.roles.write') RETURNING id`,
      [userId],
    );
    try {
      return await run();
    } finally {
      await database.query("UPDATE auth.users SET status = 'active' WHERE id = ANY($1)", [rows.map(({ id }) => id)]);
    }
  } finally {
    await database.end();
  }
}
