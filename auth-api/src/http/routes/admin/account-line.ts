import { z } from 'zod';
import type { ImportLine, LineFault } from '../../../domain/account-import.ts';
import { isRoleListTooLong, longestRoleList } from '../../../domain/permissions.ts';
import type { ExportedAccount, ImportedAccount } from '../../../domain/ports/account-transfer.ts';
import { usernameKey } from '../../../domain/username.ts';
import { uuidV7 } from '../../../domain/uuid.ts';
import { parseStoredHash } from '../../../security/hashing/formats/stored-hash.ts';
import { parseJsonBody } from '../../json-body.ts';
import type { Line } from '../../lines.ts';
import { faultsOf } from '../../request-check.ts';
import { locale, permissionName } from '../../schemas.ts';

export const longestLineBytes = 64 * 1024;

/** What a unique index can hold. */
const longestKeyBytes = 1024;
/** For as many, each bounded: a report is kept in memory. */
const mostFaults = 10;
const longestPointer = 200;

const visible = /^[^\p{C}\p{Z}]{1,254}$/u;
const printable = /^[^\p{Cc}\p{Cs}]+$/u;

/** Wider than what can be registered: people keep the names that they have. */
const username = z
  .string()
  .regex(visible, 'must be 1 to 254 visible characters')
  .refine((name) => Buffer.byteLength(usernameKey(name)) <= longestKeyBytes, 'is too long');

const passwordHash = z
  .string()
  .max(1024)
  .refine(
    (hash) => printable.test(hash) && parseStoredHash(hash) !== undefined,
    'is no hash that can be verified here, or it would cost too much to verify',
  );

const createdAt = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= Date.now(), 'must be between 1970 and now');

/** A line of an import, and of an export. */
export const accountLine = z
  .strictObject({
    id: z.uuid().optional().describe('Kept where it is given: what applications know the user by.'),
    username,
    email: z.email().max(254).nullable().optional(),
    email_verified: z.boolean().default(false),
    display_name: z.string().trim().min(1).max(200).regex(printable, 'must be printable').nullable().optional(),
    locale: locale.nullable().optional(),
    password_hash: passwordHash
      .nullable()
      .optional()
      .describe('In a format that is verified here. Without one nobody logs in until the password has been reset.'),
    roles: z
      .array(permissionName)
      .max(100)
      .refine(
        (roles) => !isRoleListTooLong(roles),
        `may have ${longestRoleList} characters together, with commas between`,
      )
      .default([])
      .describe('Needs the permission authcluster.roles.write.'),
    status: z.enum(['active', 'disabled']).default('active'),
    external_id: z
      .string()
      .regex(visible, 'must be 1 to 254 visible characters')
      .nullable()
      .optional()
      .describe('What the account is called where it comes from; otherwise its user name.'),
    created_at: createdAt.optional(),
  })
  .meta({ id: 'AccountLine' });

const malformed = {
  encoding: 'is not UTF-8',
  syntax: 'is no JSON, or not all of it',
  repeatedName: 'has a name that stands twice',
} as const;

/** Undefined for an empty line. */
export function importLine(
  { number, bytes }: Line,
  { mayGrant, nowMs }: { readonly mayGrant: boolean; readonly nowMs: number },
): ImportLine | undefined {
  const refused = (...faults: LineFault[]): ImportLine => ({ kind: 'refused', number, faults });
  if (bytes === undefined) return refused({ pointer: '', detail: `is longer than ${longestLineBytes} bytes` });
  if (bytes.length === 0) return undefined;
  const body = parseJsonBody(bytes);
  if (body.kind === 'malformed') return refused({ pointer: '', detail: malformed[body.reason] });
  const parsed = accountLine.safeParse(body.value);
  if (!parsed.success) return refused(...parsed.error.issues.flatMap(faultsOf).slice(0, mostFaults).map(bounded));
  const { data } = parsed;
  if (data.roles.length > 0 && !mayGrant) {
    return refused({ pointer: '/roles', detail: 'needs the permission authcluster.roles.write' });
  }
  return { kind: 'account', number, account: accountOf(data, nowMs) };
}

function bounded({ pointer, detail }: LineFault): LineFault {
  return { pointer: pointer.slice(0, longestPointer), detail };
}

function accountOf(line: z.output<typeof accountLine>, nowMs: number): ImportedAccount {
  return {
    id: line.id?.toLowerCase() ?? uuidV7(nowMs),
    username: line.username,
    usernameKey: usernameKey(line.username),
    email: line.email ?? null,
    isEmailVerified: line.email_verified,
    displayName: line.display_name ?? null,
    locale: line.locale ?? null,
    passwordHash: line.password_hash ?? null,
    roles: [...new Set(line.roles)],
    status: line.status,
    externalId: line.external_id ?? line.username,
    createdAt: line.created_at === undefined ? null : new Date(line.created_at),
  };
}

/** As a line that can be imported. */
export function exportLine(account: ExportedAccount, withPasswordHash: boolean): string {
  const line: z.input<typeof accountLine> = {
    id: account.id,
    username: account.username,
    email: account.email,
    email_verified: account.isEmailVerified,
    display_name: account.displayName,
    locale: account.locale,
    ...(withPasswordHash ? { password_hash: account.passwordHash } : {}),
    roles: [...account.roles],
    status: account.status,
    external_id: account.externalId,
    created_at: account.createdAt.toISOString(),
  };
  return `${JSON.stringify(line)}\n`;
}
