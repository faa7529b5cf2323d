import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Auth } from './auth.ts';

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly clockToleranceSeconds: number;
  readonly keys: JWTVerifyGetKey;
}

/** Far more than a token needs, far less than would be work to parse. */
const longestToken = 8192;

/** What a token says, if it is one of the service's and good now. Throws where that cannot be found out. */
export async function verifyAccessToken(token: string, options: AccessTokenOptions): Promise<Auth | undefined> {
  if (token.length > longestToken) return undefined;
  try {
    const { payload } = await jwtVerify(token, options.keys, {
      issuer: options.issuer,
      audience: options.audience,
      algorithms: ['EdDSA'],
      typ: 'JWT',
      clockTolerance: options.clockToleranceSeconds,
      requiredClaims: ['sub', 'sid', 'jti', 'exp'],
    });
    return authOf(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
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
