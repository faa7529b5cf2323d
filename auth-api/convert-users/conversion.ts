import type { z } from 'zod';
import type { accountLine } from '../src/http/routes/admin/account-line.ts';

export type AccountLine = z.input<typeof accountLine>;

/** What became of a user: a line, unless there is nothing to log in with; and what somebody should know of it. */
export interface Conversion {
  readonly line?: AccountLine;
  readonly note?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Undefined where it is no text, or there is none in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Of milliseconds since 1970, as a number or as its digits. */
export function timeOf(milliseconds: unknown): string | undefined {
  const number = typeof milliseconds === 'string' ? Number(milliseconds) : milliseconds;
  return typeof number === 'number' && number > 0 && number < 8.64e15 ? new Date(number).toISOString() : undefined;
}

/** PHC strings have base64 in the standard alphabet, without padding. */
export function phcBase64(base64: string): string {
  return base64.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
}

/** Without what is undefined. */
export function lineOf(fields: { readonly [Name in keyof AccountLine]: AccountLine[Name] | undefined }): AccountLine {
  return JSON.parse(JSON.stringify(fields)) as AccountLine;
}
