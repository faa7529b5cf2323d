import type { OAuthClient } from './ports/clients.ts';
import type { TokenPorts } from './tokens.ts';
import { uuidV7 } from './uuid.ts';

export type ServiceTokenOutcome =
  | {
      readonly kind: 'issued';
      readonly accessToken: string;
      readonly expiresInSeconds: number;
      readonly scopes: readonly string[];
    }
  | { readonly kind: 'invalidScope' };

/**
 * The client credentials grant (RFC 6749 section 4.4). Scopes are names of permissions: those asked for, or all that the
 * client has.
 */
export function issueServiceToken(
  client: OAuthClient,
  asked: readonly string[],
  { accessTokens, clock, lifetimes }: Pick<TokenPorts, 'accessTokens' | 'clock' | 'lifetimes'>,
): ServiceTokenOutcome {
  if (!asked.every((scope) => client.permissions.includes(scope))) return { kind: 'invalidScope' };
  const scopes = asked.length === 0 ? client.permissions : [...new Set(asked)];
  const nowMs = clock.nowMs();
  const issuedAtSeconds = Math.floor(nowMs / 1000);
  const accessToken = accessTokens.sign({
    clientId: client.id,
    grantId: client.grantId,
    scopes,
    tokenId: uuidV7(nowMs),
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + lifetimes.accessSeconds,
  });
  return { kind: 'issued', accessToken, expiresInSeconds: lifetimes.accessSeconds, scopes };
}
