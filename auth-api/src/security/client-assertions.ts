import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { AssertionClaims, ClientAssertions } from '../domain/client-authentication.ts';
import type { ClientKeySet } from '../domain/ports/clients.ts';

/** `Ed25519` is what RFC 9864 calls the same as `EdDSA` here. No secret could be the key of any of them. */
export const assertionAlgorithms = ['EdDSA', 'Ed25519', 'ES256', 'RS256'];

/** Each is remembered until then. */
const longestLifetimeSeconds = 300;
const clockSkewSeconds = 5;
const longestAssertion = 8192;
const longestId = 255;

/** Assertions of clients that have keys (RFC 7523 section 3), checked with jose. */
export class JwtClientAssertions implements ClientAssertions {
  readonly #audiences: readonly string[];

  /** @param audiences what this service is called by: its issuer, the URL of its token endpoint */
  constructor(audiences: readonly string[]) {
    this.#audiences = audiences;
  }

  async verify(
    assertion: string,
    { id, jwks }: { readonly id: string; readonly jwks: ClientKeySet },
    nowMs: number,
  ): Promise<AssertionClaims | undefined> {
    if (assertion.length > longestAssertion) return undefined;
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks as unknown as JSONWebKeySet), {
        algorithms: assertionAlgorithms,
        issuer: id,
        subject: id,
        audience: [...this.#audiences],
        requiredClaims: ['exp', 'jti'],
        clockTolerance: clockSkewSeconds,
        currentDate: new Date(nowMs),
      });
      const { aud, jti, exp = 0 } = payload;
      // Made for another service as well, it could be used here by that one.
      if (typeof aud !== 'string') return undefined;
      if (typeof jti !== 'string' || jti === '' || jti.length > longestId) return undefined;
      if (exp > nowMs / 1000 + longestLifetimeSeconds + clockSkewSeconds) return undefined;
      return { id: jti, expiresAtMs: (exp + clockSkewSeconds) * 1000 };
    } catch {
      // What cannot be verified, for whatever reason, is not.
      return undefined;
    }
  }
}
