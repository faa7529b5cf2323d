import { z } from 'zod';
import type { AccountPosition } from '../domain/administration.ts';
import { isText } from './text.ts';

const positions = z.tuple([z.string().refine(isText), z.uuid()]);

/** `next_cursor` of a list that is not ordered by ids alone: opaque to clients. */
export function cursorOf({ key, id }: AccountPosition): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url');
}

export const positionCursor = z
  .string()
  .max(1024)
  .transform((text, context): AccountPosition => {
    const parsed = positions.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
    if (parsed.success) return { key: parsed.data[0], id: parsed.data[1] };
    context.addIssue({ code: 'custom', message: 'must be the next_cursor of the page before' });
    return z.NEVER;
  })
  .describe('The `next_cursor` of the page before.');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
