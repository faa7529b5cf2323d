import type { AuthCluster } from '../api/authcluster.ts';
import { generatedSecrets, readCredentials } from '../specs/secrets/credentials.ts';
import type { ConversationOptions, ReadCredentials } from './conversation.ts';
import { SecretIncomplete } from './errors.ts';
import type { GeneratedSecrets, SecretValues } from './generated-secrets.ts';
import type { Surroundings } from './observe.ts';
import { ownershipChanges } from './ownership.ts';

export interface CredentialsOptions extends Pick<ConversationOptions, 'client' | 'cache' | 'clock' | 'randomBytes'> {
  secrets: GeneratedSecrets;
}

/** All generated Secrets, made where missing, and whether they outlive the AuthCluster settled. */
export async function ensureCredentials(
  { secrets, clock, randomBytes, cache, client }: CredentialsOptions,
  key: string,
  cluster: AuthCluster,
  around: Surroundings,
): Promise<ReadCredentials> {
  const { namespace } = cluster.metadata;
  const values: Record<string, SecretValues> = {};
  for (const { name, generate } of generatedSecrets(cluster)) {
    values[name] = await secrets.ensure(key, name, () => generate(randomBytes, new Date(clock.now())));
  }
  const live = Object.keys(values).map((name) => cache.store('Secret').get(namespace, name));
  const kept = [...live.filter((secret) => secret !== undefined), ...around.patroniObjects];
  for (const { object, patch } of ownershipChanges(cluster, kept)) {
    const changed = await client.mergePatch(object, patch);
    if (typeof changed === 'object') cache.note(changed);
  }
  const outcome = readCredentials(cluster, values);
  if (outcome.kind === 'incomplete') throw new SecretIncomplete(outcome.secret, outcome.key);
  return { credentials: outcome.credentials, values: new Map(Object.entries(values)) };
}
