import { z } from 'zod';
import { type ImportLine, type ImportReport, importAccounts } from '../../../domain/account-import.ts';
import { holdsAll } from '../../../domain/permissions.ts';
import { recordBefore } from '../../audited.ts';
import { readLines } from '../../lines.ts';
import { type Answer, comeBackLater, problem } from '../../problem.ts';
import { bearerRoute } from '../../route.ts';
import { problemResponse } from '../../schemas.ts';
import { accountLine, importLine, longestLineBytes } from './account-line.ts';

const count = z.int();

const importReport = z
  .object({
    last_line: count.describe('Up to this one every line is decided: its account is there, or it is refused.'),
    created: count,
    unchanged: count.describe('Imported before. What an account has become since is left alone.'),
    refused: count,
    errors: z
      .array(z.object({ line: count, pointer: z.string().describe('RFC 6901, into the line.'), detail: z.string() }))
      .describe('In the order of the lines.'),
  })
  .meta({ id: 'ImportReport' });

const importProblem = problemResponse
  .extend(importReport.partial().shape)
  .meta({ id: 'ImportProblem', description: 'With how far the import came, once it had begun.' });

/** Another import is likely to take longer. */
const retryAfterSeconds = 10;

/**
 * The answer comes once the body has ended: proxies, nginx among them, stop to send a body whose answer has begun, and many
 * clients read no answer before they have sent all. So the report is bounded, and the import ends where it would be longer.
 */
export const importAccountsRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/users/import',
    operation: 'import_accounts',
    summary: 'Create accounts, of lines of JSON, with hashes of passwords from elsewhere',
    query: z.strictObject({
      from_line: z.coerce.number().int().min(1).default(1).describe('Lines before this one are passed over.'),
    }),
    line: accountLine,
    permission: 'authcluster.users.import',
    answers: {
      200: { description: 'All lines are decided.', schema: importReport },
      422: { description: 'Too many lines were refused, or the query is at fault.', schema: importProblem },
      503: { description: 'Come back after Retry-After, and go on after last_line.', schema: importProblem },
    },
  },
  async ({ bytes, query, event }, claims, ports) => {
    const giveBack = ports.importTurn.tryTake();
    if (giveBack === undefined) return comeBackLater('overloaded', retryAfterSeconds);
    try {
      // Every batch of lines has a transaction of its own: that it was begun is told before the first.
      event.about({ details: { from_line: query.from_line } });
      await recordBefore(event, ports);
      const mayGrant = await holdsAll(claims, ['authcluster.roles.write'], ports);
      const read = (line: Parameters<typeof importLine>[0]) =>
        importLine(line, { mayGrant, nowMs: ports.clock.nowMs() });
      const lines = linesFrom(query.from_line, bytes(), read);
      return answerOf(await importAccounts(lines, claims.userId, ports.importer));
    } finally {
      giveBack();
    }
  },
);

async function* linesFrom(
  first: number,
  bytes: AsyncIterable<Buffer>,
  read: (line: Parameters<typeof importLine>[0]) => ImportLine | undefined,
): AsyncGenerator<ImportLine> {
  for await (const line of readLines(bytes, longestLineBytes)) {
    const account = line.number < first ? undefined : read(line);
    if (account !== undefined) yield account;
  }
}

function answerOf(result: Awaited<ReturnType<typeof importAccounts>>): Answer {
  const report = reportBody(result.report);
  const detail = `go on with from_line=${report.last_line + 1}`;
  switch (result.kind) {
    case 'finished':
      return { status: 200, body: report };
    case 'tooManyRefused':
      return problem('too_many_refused', { detail, extensions: report });
    case 'unavailable':
      return comeBackLater('unavailable', result.retryAfterSeconds, { detail, extensions: report });
  }
}

function reportBody({ lastLine, created, unchanged, refused }: ImportReport): z.output<typeof importReport> {
  return {
    last_line: lastLine,
    created,
    unchanged,
    refused: refused.length,
    errors: refused.flatMap(({ line, faults }) => faults.map((fault) => ({ line, ...fault }))),
  };
}
