import type { AccountPosition, AccountSearch } from '../../domain/administration.ts';
import type { Statement, Value } from './database.ts';
import { rolesOf } from './grant-names.ts';
import { profileColumns } from './profile-row.ts';

export const accountColumns = `${profileColumns('u')}, u.status, u.last_login_at, u.password_change_required,
  ${rolesOf('u.id')} AS roles`;

/** Before every other one. */
const first: AccountPosition = { key: '', id: '00000000-0000-0000-0000-000000000000' };
/** No text that begins with a prefix comes after it, by the bytes of UTF-8. */
const last = '\u{10ffff}';

const usernameOrder = 'u.username_key COLLATE "C"';
const emailOrder = 'lower(u.email) COLLATE "C"';

const roleNamed = '(SELECT id FROM auth.roles WHERE name = $1)';

/**
 * One text for each kind of search, so that each has a plan of its own that walks along one index from where the page
 * before ended, however many accounts there are. `$1 IS NULL OR …` would have none. The
 * rows of one status or role are asked for as a range and not as equal: then no index but theirs has their order, and none
 * is walked that has all the others in it, which is what the planner may prefer where it does not know how many they are.
 */
export const accountSearches = {
  all: search('all', { from: 'auth.users u', key: `''`, where: 'u.id > $1', order: 'u.id' }),
  status: search('status', {
    from: 'auth.users u',
    key: `''`,
    where: '(u.status, u.id) > ($1, $2) AND u.status <= $1',
    order: 'u.status, u.id',
  }),
  role: search('role', {
    from: 'auth.user_roles ur JOIN auth.users u ON u.id = ur.user_id',
    key: `''`,
    where: `(ur.role_id, ur.user_id) > (${roleNamed}, $2) AND ur.role_id <= ${roleNamed}`,
    order: 'ur.role_id, ur.user_id',
  }),
  username: search('username', {
    from: 'auth.users u',
    key: 'u.username_key',
    where: `${usernameOrder} >= $1 AND ${usernameOrder} < $2 AND ${usernameOrder} > $3`,
    order: usernameOrder,
  }),
  email: search('email', {
    from: 'auth.users u',
    key: 'lower(u.email)',
    // One lower bound: of two, the scan may begin at the one that comes first, and walk through all between them.
    where: `(${emailOrder}, u.id) > (greatest(lower($1) COLLATE "C", $3 COLLATE "C"), $4) AND ${emailOrder} < lower($2)`,
    order: `${emailOrder}, u.id`,
  }),
};

/** The statement and its values; the columns of accounts, and `search_key`. */
export function accountSearch(
  { by, value }: AccountSearch,
  after: AccountPosition = first,
  limit: number,
): { readonly statement: Statement; readonly values: readonly Value[] } {
  const statement = accountSearches[by];
  switch (by) {
    case 'all':
      return { statement, values: [after.id, limit] };
    case 'status':
    case 'role':
      return { statement, values: [value, after.id, limit] };
    case 'username':
      return { statement, values: [value, value + last, after.key, limit] };
    case 'email':
      return { statement, values: [value, value + last, after.key, after.id, limit] };
  }
}

interface SearchParts {
  readonly from: string;
  readonly key: string;
  readonly where: string;
  readonly order: string;
}

function search(name: string, { from, key, where, order }: SearchParts): Statement {
  const limit = new Set(where.match(/\$\d/g)).size + 1;
  return {
    name: `search_accounts_${name}`,
    text: `SELECT ${accountColumns}, ${key} AS search_key FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT $${limit}`,
  };
}
