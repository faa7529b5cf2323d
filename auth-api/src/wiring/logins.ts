import type { ServeConfig } from '../config.ts';
import { loginFingerprint } from '../security/login-fingerprint.ts';
import { readCredentials } from '../storage/postgres/connection.ts';

/** Of what is mounted now, and so of what the next connection logs in with; a file that cannot be read is left out. */
export function loginFingerprints(
  { postgres, redis }: Pick<ServeConfig, 'postgres' | 'redis'>,
  derivationKey: Buffer,
): ReadonlyMap<string, string> {
  const directories = [
    ['postgres', postgres.credentialsDirectory],
    ...(redis.nodes.length === 0 ? [] : [['redis', redis.credentialsDirectory] as const]),
  ] as const;
  const fingerprints = new Map<string, string>();
  for (const [dependency, directory] of directories) {
    try {
      const { user, password } = readCredentials(directory);
      fingerprints.set(dependency, loginFingerprint(derivationKey, user, password));
    } catch {
      // Connections fail and say why; whoever waits for this pod goes on waiting.
    }
  }
  return fingerprints;
}
