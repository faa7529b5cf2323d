import type { ConnectionOptions } from 'node:tls';
import type { ExternalTls } from '../api/generated/authcluster.ts';

/** The operator's own connections are protected as those of the pods are. */
export function tlsConnectionOptions({ mode }: ExternalTls, ca: string | undefined): ConnectionOptions | undefined {
  if (mode === 'Disable') return undefined;
  if (mode === 'Require') return { rejectUnauthorized: false };
  const authority = ca === undefined ? {} : { ca };
  return mode === 'VerifyFull' ? authority : { ...authority, checkServerIdentity: () => undefined };
}
