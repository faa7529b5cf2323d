import { z } from 'zod';
import { TerminalError } from '../controller/errors.ts';
import type { KeySet } from '../specs/secrets/signing-keys.ts';

const time = z.iso.datetime({ offset: true });
const key = z.looseObject({
  kid: z.string().min(1),
  status: z.enum(['pending', 'active', 'retired']),
  created_at: time,
  published_at: time.optional(),
  activated_at: time.optional(),
  retired_at: time.optional(),
});
const keySet = z.looseObject({
  keys: z.array(key).refine((keys) => keys.filter(({ status }) => status === 'active').length === 1, {
    error: 'must hold exactly one key with status active',
  }),
  rotation: z.string().optional(),
});

/** The Secret of the signing keys is there, and nobody can sign with what it holds. */
export class SigningKeysMalformed extends TerminalError {
  readonly reason = 'SigningKeysMalformed';
}

/**
 * Reads keyset.json, of which a person may have brought their own; what is not known of it stays as it is.
 * @throws SigningKeysMalformed without any of the content
 */
export function parseKeySet(text: string, secret: string): KeySet {
  const parsed = keySet.safeParse(parseJson(text, secret));
  if (parsed.success) return parsed.data as unknown as KeySet;
  const [issue] = parsed.error.issues;
  throw malformed(secret, `${issue?.path.join('.')}: ${issue?.message}`);
}

function parseJson(text: string, secret: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(secret, 'it is not JSON');
  }
}

function malformed(secret: string, what: string): SigningKeysMalformed {
  return new SigningKeysMalformed(
    `keyset.json of Secret ${secret} is no key set: ${what}; mend it, or delete the Secret`,
  );
}
