import { clientAuditTypes, furtherAuditTypes } from '../domain/audit.ts';
import { isAudited } from './audited.ts';
import type { Route } from './route.ts';

const introduction = `# Types of events in the audit log

Generated from the routes of the auth API; [Read the audit log](../how-to/audit.md) tells how to use it. The type of an event is the
operation (\`operationId\`) that it comes of.
`;

/** The page of the documentation that tells every type of event. */
export function auditReference(routes: readonly Route[]): string {
  const audited = routes.map(({ description }) => description).filter(isAudited);
  const isAct = ({ path }: Route['description']) => path.startsWith('/v1/admin/');
  const row = ({ operation, method, path, summary }: Route['description']) =>
    `| \`${operation}\` | \`${method.toUpperCase()} ${path}\` | ${summary} |`;
  const table = (descriptions: Route['description'][]) =>
    ['| type | of | what |', '| --- | --- | --- |', ...descriptions.map(row)].join('\n');
  const words = (types: Readonly<Record<string, string>>) =>
    [
      '| type | what |',
      '| --- | --- |',
      ...Object.entries(types).map(([type, what]) => `| \`${type}\` | ${what} |`),
    ].join('\n');
  return [
    introduction,
    '## What users do\n',
    table(audited.filter((description) => !isAct(description))),
    '\n## What administrators do\n',
    table(audited.filter(isAct)),
    '\n## What services do\n',
    words(clientAuditTypes),
    '\n## What comes of it\n',
    words(furtherAuditTypes),
    '\nRequests that only read are there where they were refused for want of a permission: `error` is `forbidden`, and the type is\ntheir operation.\n',
  ].join('\n');
}
