import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AuthClusterName } from './kubernetes-observer.ts';

export interface Administrator {
  readonly username: string;
  readonly password: string;
}

export const SECRET = 'load-administrator';

/**
 * Who may import users: as of LOAD_ADMIN_USERNAME and LOAD_ADMIN_PASSWORD, or of the Secret beside the AuthCluster.
 * @throws Error that says what to give
 */
export async function administratorOf(
  cluster: AuthClusterName | undefined,
  { LOAD_ADMIN_USERNAME: username = '', LOAD_ADMIN_PASSWORD: password = '' }: NodeJS.ProcessEnv,
): Promise<Administrator> {
  if (username !== '' && password !== '') return { username, password };
  const found = cluster === undefined ? undefined : await inSecret(cluster);
  if (found !== undefined) return found;
  const secret = cluster === undefined ? '' : `, or a Secret ${SECRET} in namespace ${cluster.namespace}`;
  throw new Error(
    `users are made by an administrator: give LOAD_ADMIN_USERNAME and LOAD_ADMIN_PASSWORD${secret} (docs/how-to/run-a-load-test.md)`,
  );
}

async function inSecret({ namespace, context }: AuthClusterName): Promise<Administrator | undefined> {
  const named = context === undefined ? [] : ['--context', context];
  const args = [...named, 'get', 'secret', '-n', namespace, SECRET, '-o', 'json', '--ignore-not-found'];
  const { stdout } = await promisify(execFile)('kubectl', args);
  if (stdout.trim() === '') return undefined;
  const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
  const value = (key: string) =>
    Buffer.from(data[key] ?? '', 'base64')
      .toString('utf8')
      .trimEnd();
  return { username: value('username'), password: value('password') };
}
