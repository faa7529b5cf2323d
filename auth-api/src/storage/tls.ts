import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';

/** libpq's words: encrypted; by a certificate of our authority; and in the name of the host that was asked for. */
export const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** A mode as Node takes it. The certificate authority is `ca.crt` in the directory, else the system's. */
export function tlsOptions(mode: TlsMode, credentialsDirectory: string): ConnectionOptions | undefined {
  if (mode === 'disable') return undefined;
  if (mode === 'require') return { rejectUnauthorized: false };
  const ca = readIfThere(join(credentialsDirectory, 'ca.crt'));
  const authority = ca === undefined ? {} : { ca };
  return mode === 'verify-full' ? authority : { ...authority, checkServerIdentity: () => undefined };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
