import type { z } from 'zod';
import type { AccountSearch } from '../../../domain/administration.ts';
import { usernameKey } from '../../../domain/username.ts';
import { cursorOf } from '../../cursor.ts';
import { problem } from '../../problem.ts';
import { bearerRoute } from '../../route.ts';
import { accountBody, accountListResponse, accountQuery } from './schemas.ts';

export const searchAccounts = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/users',
    operation: 'list_accounts',
    summary: 'Accounts: the oldest first, or by what they are searched for',
    query: accountQuery,
    permission: 'authcluster.users.read',
    answers: { 200: { description: 'A page of accounts.', schema: accountListResponse } },
  },
  async ({ query }, _, ports) => {
    const search = searchOf(query);
    if (search === undefined) {
      const detail = 'search by one of username_prefix, email_prefix, role and status at a time';
      return problem('invalid_request', { errors: [{ pointer: '', detail }] });
    }
    const { accounts, end } = await ports.accounts.search(search, { after: query.cursor, limit: query.limit });
    const body = { items: accounts.map(accountBody), next_cursor: end === undefined ? null : cursorOf(end) };
    return { status: 200, body };
  },
);

/** Undefined where several things are searched for. */
function searchOf({ username_prefix: username, email_prefix: email, role, status }: z.output<typeof accountQuery>) {
  const searches: AccountSearch[] = [
    ...(username === undefined ? [] : [{ by: 'username' as const, value: usernameKey(username) }]),
    ...(email === undefined ? [] : [{ by: 'email' as const, value: email }]),
    ...(role === undefined ? [] : [{ by: 'role' as const, value: role }]),
    ...(status === undefined ? [] : [{ by: 'status' as const, value: status }]),
  ];
  return searches.length > 1 ? undefined : (searches[0] ?? { by: 'all' as const });
}
