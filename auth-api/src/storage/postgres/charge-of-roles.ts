import { mayChangeRoles } from '../../domain/access-document.ts';
import type { Query, Statement } from './database.ts';

/** Who lessens those who may change roles waits for who does so already, so that no two together leave nobody. */
export const lockCharge: Statement = {
  name: 'lock_charge_of_roles',
  text: "SELECT pg_advisory_xact_lock(hashtext('auth.charge_of_roles'))",
};

/** $1 a user, null: every one; $2 the grant that they lose, as `role name` or `permission name`, null: all. */
const selectCharge: Statement = {
  name: 'select_charge_of_roles',
  text: `WITH may AS (SELECT id, name FROM auth.permissions WHERE name = '${mayChangeRoles}'), granted AS (
      SELECT ur.user_id, 'role ' || r.name AS by FROM may
      JOIN auth.role_permissions rp ON rp.permission_id = may.id JOIN auth.roles r ON r.id = rp.role_id
      JOIN auth.user_roles ur ON ur.role_id = r.id
      UNION ALL
      SELECT up.user_id, 'permission ' || may.name FROM may JOIN auth.user_permissions up ON up.permission_id = may.id
    ), held AS (
      SELECT ($1::uuid IS NULL OR g.user_id = $1) AND ($2::text IS NULL OR g.by = $2) AS is_lost
      FROM granted g JOIN auth.users u ON u.id = g.user_id WHERE u.status = 'active'
    )
    SELECT coalesce(bool_or(is_lost), false) AS is_lessened, coalesce(bool_or(NOT is_lost), false) AS is_kept FROM held`,
};

interface Charge {
  is_lessened: boolean;
  is_kept: boolean;
}

/**
 * Part of a transaction that holds the user's row, before they lose a grant, or all they have: whether somebody active may
 * change roles afterwards. Nobody could mend anything otherwise.
 */
export async function leavesSomebodyInCharge(query: Query, userId: string, lost: string | null): Promise<boolean> {
  const [charge] = await query<Charge>(selectCharge, [userId, lost]);
  if (charge?.is_lessened !== true) return true;
  await query(lockCharge, []);
  const [settled] = await query<Charge>(selectCharge, [userId, lost]);
  return settled?.is_kept === true;
}

/**
 * Part of a transaction, at its beginning, before a role loses what it permits, or is deleted: whether somebody active may
 * change roles afterwards. Whoever relies on the role meanwhile to lose another grant waits.
 */
export async function leavesSomebodyWithoutRole(query: Query, role: string): Promise<boolean> {
  await query(lockCharge, []);
  const [charge] = await query<Charge>(selectCharge, [null, `role ${role}`]);
  return charge?.is_lessened !== true || charge.is_kept;
}
