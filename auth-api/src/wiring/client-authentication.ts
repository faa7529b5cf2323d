import type { ServeConfig } from '../config.ts';
import type { ConfiguredClients } from '../domain/client-authentication.ts';
import { JwtClientAssertions } from '../security/client-assertions.ts';
import { RandomClientSecrets } from '../security/client-secrets.ts';
import type { RedisConnection } from '../storage/redis/client.ts';
import { RedisUsedAssertions } from '../storage/redis/used-assertions.ts';

interface ClientAuthenticationDependencies {
  readonly configuredClients: ConfiguredClients;
  readonly redis: RedisConnection | undefined;
  readonly derivationKey: () => Buffer;
}

/** How services show who they are. */
export function clientAuthentication(
  { tokens: { issuer } }: ServeConfig,
  { configuredClients, redis, derivationKey }: ClientAuthenticationDependencies,
) {
  const tokenEndpoint = `${issuer.replace(/\/$/, '')}/oauth/token`;
  return {
    configuredClients,
    clientSecrets: new RandomClientSecrets(derivationKey),
    clientAssertions: new JwtClientAssertions([issuer, tokenEndpoint]),
    usedAssertions: new RedisUsedAssertions(redis?.scripts),
  };
}
