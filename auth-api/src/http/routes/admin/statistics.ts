import { z } from 'zod';
import { auditOutcomes } from '../../../domain/audit.ts';
import { bearerRoute } from '../../route.ts';

const statisticsQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(31).default(7).describe('Of logins, today included.'),
});

const statisticsResponse = z
  .object({
    accounts: z.object({ active: z.int(), disabled: z.int() }),
    live_sessions: z.int(),
    logins: z
      .array(
        z.object({
          day: z.iso.date().describe('In UTC.'),
          outcome: z.enum(auditOutcomes),
          error: z.string().nullable(),
          count: z.int(),
        }),
      )
      .describe('The youngest day first; none of a day without any.'),
  })
  .meta({ id: 'Statistics' });

export const statisticsRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/statistics',
    operation: 'get_statistics',
    summary: 'How many accounts and sessions there are, and how logins ended day by day',
    query: statisticsQuery,
    permission: 'authcluster.operations.read',
    answers: { 200: { description: 'As they are now.', schema: statisticsResponse } },
  },
  async ({ query: { days } }, _, ports) => {
    const { accounts, liveSessions, logins } = await ports.statistics(days);
    const body: z.output<typeof statisticsResponse> = {
      accounts: { ...accounts },
      live_sessions: liveSessions,
      logins: logins.map((each) => ({ ...each, error: each.error === '' ? null : each.error })),
    };
    return { status: 200, body };
  },
);
