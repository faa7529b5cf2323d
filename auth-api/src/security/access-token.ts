import { sign, verify } from 'node:crypto';
import { authenticationContext, secondFactorAcr } from '../domain/authentication-context.ts';
import {
  type AccessClaims,
  type AccessTokens,
  isService,
  type ServiceClaims,
  type TokenClaims,
} from '../domain/ports/tokens.ts';
import type { SigningKeySet } from './key-set.ts';

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The key set of this moment. */
  readonly keys: () => SigningKeySet;
}

/** Far more than our own need, far less than would be work to parse. */
const longestToken = 8192;
/** Clocks of pods differ; a token signed by one must be good on the next at once. */
const clockSkewSeconds = 5;

/**
 * JWTs signed with Ed25519 (RFC 8037). Synchronous on purpose: on libuv's pool a signature check would queue behind
 * whatever else uses it.
 */
export class Ed25519AccessTokens implements AccessTokens {
  readonly #options: AccessTokenOptions;

  constructor(options: AccessTokenOptions) {
    this.#options = options;
  }

  sign(claims: TokenClaims): string {
    const { active } = this.#options.keys();
    const header = encode({ alg: 'EdDSA', typ: 'JWT', kid: active.kid });
    const payload = encode({
      iss: this.#options.issuer,
      aud: this.#options.audience,
      ...(isService(claims) ? serviceMembers(claims) : userMembers(claims)),
      jti: claims.tokenId,
      iat: claims.issuedAtSeconds,
      exp: claims.expiresAtSeconds,
    });
    const signature = sign(null, Buffer.from(`${header}.${payload}`), active.privateKey);
    return `${header}.${payload}.${signature.toString('base64url')}`;
  }

  verify(token: string, nowSeconds: number): TokenClaims | undefined {
    if (token.length > longestToken) return undefined;
    const [header, payload, signature, ...rest] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
    const { alg, kid } = decode(header);
    if (alg !== 'EdDSA' || typeof kid !== 'string') return undefined;
    const key = this.#options.keys().publicKeys.get(kid);
    if (key === undefined) return undefined;
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) return undefined;
    return this.#claims(decode(payload), nowSeconds);
  }

  #claims(payload: Record<string, unknown>, nowSeconds: number): TokenClaims | undefined {
    const { iss, aud, jti, iat, exp } = payload;
    if (iss !== this.#options.issuer || aud !== this.#options.audience) return undefined;
    if (typeof jti !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    if (exp <= nowSeconds || iat > nowSeconds + clockSkewSeconds) return undefined;
    const common = { tokenId: jti, issuedAtSeconds: iat, expiresAtSeconds: exp };
    return payload.client_id === undefined ? userClaims(payload, common) : serviceClaims(payload, common);
  }
}

type CommonClaims = Pick<AccessClaims, 'tokenId' | 'issuedAtSeconds' | 'expiresAtSeconds'>;

function userMembers(claims: AccessClaims) {
  return {
    sub: claims.userId,
    sid: claims.sessionId,
    roles: claims.roles,
    auth_time: claims.authenticatedAtSeconds,
    ...authenticationContext(claims.hasSecondFactor),
  };
}

function userClaims(payload: Record<string, unknown>, common: CommonClaims): AccessClaims | undefined {
  const { sub, sid, roles, auth_time: authTime, acr } = payload;
  if (typeof sub !== 'string' || typeof sid !== 'string' || !isNames(roles)) return undefined;
  return {
    userId: sub,
    sessionId: sid,
    roles,
    // Tokens of the release before say nothing of it.
    authenticatedAtSeconds: typeof authTime === 'number' ? authTime : 0,
    hasSecondFactor: acr === secondFactorAcr,
    ...common,
  };
}

/** RFC 9068 section 2.2; `gid` is ours. Without `sid`: whoever looks for a user's session finds none. */
function serviceMembers({ clientId, grantId, scopes }: ServiceClaims) {
  return { sub: clientId, client_id: clientId, gid: grantId, scope: scopes.join(' ') };
}

function serviceClaims(payload: Record<string, unknown>, common: CommonClaims): ServiceClaims | undefined {
  const { sub, client_id: clientId, gid, scope } = payload;
  if (typeof clientId !== 'string' || sub !== clientId) return undefined;
  if (typeof gid !== 'string' || typeof scope !== 'string') return undefined;
  return { clientId, grantId: gid, scopes: scope === '' ? [] : scope.split(' '), ...common };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Anything that is no JSON object decodes to an empty one, which no check accepts. */
function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
