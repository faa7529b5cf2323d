import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Auth, Holder, ServiceAuth } from './auth.ts';

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly clockToleranceSeconds: number;
  readonly acceptServices: boolean;
  readonly keys: JWTVerifyGetKey;
}

/** Far more than a token needs, far less than would be work to parse. */
const longestToken = 8192;

/** What a token says, if it is one of the service's and good now. Throws where that cannot be found out. */
export async function verifyAccessToken(token: string, options: AccessTokenOptions): Promise<Holder | undefined> {
  if (token.length > longestToken) return undefined;
  try {
    const { payload } = await jwtVerify(token, options.keys, {
      issuer: options.issuer,
      audience: options.audience,
      algorithms: ['EdDSA'],
      typ: 'JWT',
      clockTolerance: options.clockToleranceSeconds,
      requiredClaims: ['sub', 'jti', 'exp'],
    });
    if (payload.client_id === undefined) return asUser(authOf(payload));
    return options.acceptServices ? asService(serviceOf(payload)) : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function asUser(auth: Auth | undefined): Holder | undefined {
  return auth && { auth };
}

function asService(service: ServiceAuth | undefined): Holder | undefined {
  return service && { service };
}

/** RFC 9068 section 2.2. */
function serviceOf({ sub, client_id: clientId, scope, jti, exp }: JWTPayload): ServiceAuth | undefined {
  if (typeof clientId !== 'string' || sub !== clientId || typeof scope !== 'string') return undefined;
  if (typeof jti !== 'string' || exp === undefined) return undefined;
  const scopes = scope === '' ? [] : scope.split(' ');
  return { clientId, scopes, tokenId: jti, expiresAt: new Date(exp * 1000) };
}

function authOf({ sub, sid, roles, auth_time: authTime, acr, jti, exp }: JWTPayload): Auth | undefined {
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof jti !== 'string') return undefined;
  if (!isNames(roles) || exp === undefined) return undefined;
  return {
    userId: sub,
    sessionId: sid,
    roles,
    authenticatedAt: new Date((typeof authTime === 'number' ? authTime : 0) * 1000),
    hasSecondFactor: acr === 'aal2',
    tokenId: jti,
    expiresAt: new Date(exp * 1000),
  };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
