import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const issuer = 'https://auth.example.com';

/** An auth API that is played: it signs, and answers what a middleware asks, as a test has it. */
export async function fakeIssuer() {
  const asked: string[] = [];
  const state = {
    isAway: false,
    /** What introspection says of every token. */
    isActive: true,
    permissions: ['orders.read'] as readonly string[],
    nowSeconds: Math.floor(Date.now() / 1000),
  };
  let keys: { kid: string; privateKey: CryptoKey; jwk: object }[] = [];

  async function addKey(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    keys = [...keys, { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' } }];
  }

  function token(claims: JWTPayload = {}, header: { kid?: string; typ?: string } = {}): Promise<string> {
    const key = keys.find(({ kid }) => kid === header.kid) ?? keys.at(-1);
    if (key === undefined) throw new Error('there is no key');
    const { nowSeconds } = state;
    const usual = { iss: issuer, aud: issuer, sub: 'ada', sid: 'session', jti: 'token', roles: ['reader'] };
    const times = { auth_time: nowSeconds - 60, iat: nowSeconds, exp: nowSeconds + 300, acr: 'aal2' };
    return new SignJWT({ ...usual, ...times, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  const answering: typeof fetch = async (input, init) => {
    const path = String(input).replace(issuer, '');
    asked.push(path);
    if (state.isAway) throw new TypeError('fetch failed');
    if (path === '/.well-known/jwks.json') return Response.json({ keys: keys.map(({ jwk }) => jwk) });
    if (path === '/oauth/introspect') return Response.json({ active: state.isActive });
    const { permissions } = JSON.parse(String(init?.body)) as { permissions: string[] };
    return Response.json({ allowed: permissions.every((name) => state.permissions.includes(name)) });
  };

  await addKey('first');
  const count = (path: string) => asked.filter((asking) => asking === path).length;
  return { fetch: answering, state, token, addKey, count, asked };
}

export type FakeIssuer = Awaited<ReturnType<typeof fakeIssuer>>;
