import type { Administrator } from '../../load/src/run/administrator.ts';
import { seedUsers } from '../../load/src/run/seed-users.ts';
import { type AuthClient, randomCredentials } from './auth-client.ts';
import { eventually } from './eventually.ts';
import { grantPermission } from './grants.ts';

/** Somebody who may import users, and nothing else: other tests count on nobody being an administrator. */
export async function importer(client: AuthClient): Promise<Administrator> {
  const credentials = randomCredentials();
  const registered = await client.register(credentials);
  if (registered.status !== 201) throw new Error(`POST /v1/users answered ${registered.status}`);
  await grantPermission(credentials.username, 'authcluster.users.import');
  // Once caches and replicas know of it.
  const one = {
    administrator: credentials,
    passwordSeed: 'importer',
    count: 1,
    hashing: { algorithm: 'bcrypt', cost: 11 },
  } as const;
  await eventually(() => seedUsers({ ...one, baseUrl: client.url }), 120);
  return credentials;
}
