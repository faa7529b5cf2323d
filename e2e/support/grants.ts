import { podsOf } from './bash-pod.ts';
import { kubectl, NAMESPACE } from './cluster.ts';

/**
 * Grants somebody a permission, which is made where there is none of the name. In the database: other tests count on nobody
 * being an administrator. Caches and replicas know of it a moment later.
 */
export async function grantPermission(username: string, permission: string): Promise<void> {
  await inDatabase(`insert into auth.permissions (id, name, description) values (gen_random_uuid(), '${permission}', '')
      on conflict (name) do nothing;
    insert into auth.user_permissions (user_id, permission_id) select users.id, permissions.id
      from auth.users, auth.permissions where username = '${username}' and permissions.name = '${permission}'`);
}

/** Takes a permission from everybody, and away. */
export async function removePermission(permission: string): Promise<void> {
  await inDatabase(`delete from auth.permissions where name = '${permission}'`);
}

async function inDatabase(statements: string): Promise<void> {
  const primary = (await podsOf('postgres')).find(
    ({ metadata }) => metadata.labels?.['authcluster.dev/role'] === 'primary',
  );
  const pod = ['exec', '-n', NAMESPACE, primary?.metadata.name ?? '', '-c', 'postgres', '--'];
  await kubectl.run([...pod, 'psql', '-XAt', '-v', 'ON_ERROR_STOP=1', '-d', 'auth', '-c', statements]);
}
