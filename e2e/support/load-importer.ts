import type { Administrator } from '../../load/src/run/administrator.ts';
import { seedUsers } from '../../load/src/run/seed-users.ts';
import { type AuthClient, randomCredentials } from './auth-client.ts';
import { podsOf } from './bash-pod.ts';
import { kubectl, NAMESPACE } from './cluster.ts';
import { eventually } from './eventually.ts';

/** Somebody who may import users, and nothing else: other tests count on nobody being an administrator. */
export async function importer(client: AuthClient): Promise<Administrator> {
  const credentials = randomCredentials();
  const registered = await client.register(credentials);
  if (registered.status !== 201) throw new Error(`POST /v1/users answered ${registered.status}`);
  const grant = `insert into auth.user_permissions (user_id, permission_id) select users.id, permissions.id
    from auth.users, auth.permissions
    where username = '${credentials.username}' and permissions.name = 'authcluster.users.import'`;
  const primary = (await podsOf('postgres')).find(
    ({ metadata }) => metadata.labels?.['authcluster.dev/role'] === 'primary',
  );
  const pod = ['exec', '-n', NAMESPACE, primary?.metadata.name ?? '', '-c', 'postgres', '--'];
  await kubectl.run([...pod, 'psql', '-XAt', '-v', 'ON_ERROR_STOP=1', '-d', 'auth', '-c', grant]);
  // Once caches and replicas know of it.
  const one = { administrator: credentials, passwordSeed: 'importer', count: 1, hashCost: 11 };
  await eventually(() => seedUsers({ ...one, baseUrl: client.url }), 120);
  return credentials;
}
