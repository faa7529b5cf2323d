import { z } from 'zod';
import { holdsAll } from '../../../domain/permissions.ts';
import type { AccountExporter } from '../../../domain/ports/account-transfer.ts';
import { missingForStepUp } from '../../../domain/second-factor.ts';
import { recordBefore } from '../../audited.ts';
import { problem, stepUpNeeded } from '../../problem.ts';
import { bearerRoute } from '../../route.ts';
import { accountLine, exportLine } from './account-line.ts';

const pageSize = 500;

/** Whoever has the hashes can guess the passwords: for them, more is asked. */
export const exportAccountsRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/users/export',
    operation: 'export_accounts',
    summary: 'All accounts as lines of JSON, which can be imported',
    query: z.strictObject({
      after: z.uuid().optional().describe('The `id` of the last account of an export that was cut off.'),
      password_hashes: z
        .enum(['true', 'false'])
        .default('false')
        .describe('Needs authcluster.password-hashes.read, and a login or step-up that is recent.'),
    }),
    permission: 'authcluster.users.read',
    // An act that is in the audit log: it takes many people's data out of the service.
    isRead: false,
    answers: {
      200: { description: 'An account a line, in the order of their ids.', schema: accountLine, isLines: true },
    },
  },
  async ({ query: { after, password_hashes }, event }, claims, ports) => {
    const withHashes = password_hashes === 'true';
    if (withHashes && !(await holdsAll(claims, ['authcluster.password-hashes.read'], ports))) {
      return problem('forbidden');
    }
    const missing = withHashes ? await missingForStepUp(claims, ports.stepUpMaxAgeSeconds, ports) : undefined;
    if (missing !== undefined) return stepUpNeeded(ports.stepUpMaxAgeSeconds, missing.needsSecondFactor);
    event.about({ details: { password_hashes: withHashes, ...(after === undefined ? {} : { after }) } });
    await recordBefore(event, ports);
    const headers = { 'content-type': 'application/x-ndjson' };
    return { status: 200, headers, stream: await exportedLines(ports.exporter, after, withHashes) };
  },
);

/** The first page is read before the answer begins: what fails then can still be told. */
async function exportedLines(exporter: AccountExporter, after: string | undefined, withHashes: boolean) {
  let page = await exporter.page({ after, limit: pageSize });
  return (async function* lines() {
    while (page.length > 0) {
      yield page.map((account) => exportLine(account, withHashes)).join('');
      page = page.length < pageSize ? [] : await exporter.page({ after: page.at(-1)?.id, limit: pageSize });
    }
  })();
}
