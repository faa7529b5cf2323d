import { describe, expect, test } from '@jest/globals';
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { AuthOptions } from './auth.ts';
import { allPermissions, createGuard, oneOfRoles, type Requirement } from './guard.ts';
import { type FakeIssuer, fakeIssuer, issuer } from './testing/fake-issuer.ts';

const authenticated: Requirement = { kind: 'authenticated' };

async function guarded(options: Partial<AuthOptions> = {}) {
  const service = await fakeIssuer();
  let nowMs = Date.now();
  const guard = createGuard({ issuer, fetch: service.fetch, ...options }, () => nowMs);
  const pass = (seconds: number) => {
    nowMs += seconds * 1000;
  };
  const ask = (token?: string, requirement = authenticated) =>
    guard(token === undefined ? undefined : `Bearer ${token}`, requirement);
  return { service, ask, guard, pass };
}

const refused = (status: number) => ({ kind: 'refused', refusal: { status } });
const invalid = {
  kind: 'refused',
  refusal: { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
};

describe('an access token', () => {
  test('says who is there', async () => {
    const { ask, service } = await guarded();
    const { nowSeconds } = service.state;
    expect(await ask(await service.token())).toEqual({
      kind: 'admitted',
      holder: {
        auth: {
          userId: 'ada',
          sessionId: 'session',
          roles: ['reader'],
          authenticatedAt: new Date((nowSeconds - 60) * 1000),
          hasSecondFactor: true,
          tokenId: 'token',
          expiresAt: new Date((nowSeconds + 300) * 1000),
        },
      },
    });
  });

  const far = 1_000_000_000;
  const claims: [string, JWTPayload][] = [
    ['of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['for another audience', { aud: 'https://elsewhere.example.com' }],
    ['that has expired', { exp: far }],
    ['that is not good yet', { nbf: far * 4 }],
    ['without a session', { sid: undefined }],
    ['with a user that is a number', { sub: 7 as unknown as string }],
    ['whose roles are no list', { roles: 'administrator' }],
  ];
  test.each(claims)('%s is refused', async (_, wrong) => {
    const { ask, service } = await guarded();
    expect(await ask(await service.token(wrong))).toMatchObject(invalid);
  });

  const forged: [string, (service: FakeIssuer) => Promise<string>][] = [
    ['signed by somebody else', async () => signedBy('EdDSA')],
    ['of another algorithm', async () => signedBy('ES256')],
    ['without a signature', async () => new UnsecuredJWT({ sub: 'ada' }).setIssuer(issuer).encode()],
    ['of another type', (service) => service.token({}, { typ: 'logout+jwt' })],
    ['longer than any', async () => `${'a'.repeat(9000)}.b.c`],
    ['that is none', async () => 'nonsense'],
    ['cut off', async (service) => (await service.token()).slice(0, -3)],
  ];
  test.each(forged)('%s is refused', async (_, forge) => {
    const { ask, service } = await guarded();
    expect(await ask(await forge(service))).toMatchObject(invalid);
  });

  test('that is not there is asked for', async () => {
    const { ask, guard } = await guarded();
    const challenge = { refusal: { status: 401, headers: { 'www-authenticate': 'Bearer' } } };
    expect(await ask()).toMatchObject(challenge);
    expect(await guard('Basic YTpi', authenticated)).toMatchObject(challenge);
  });

  test('need not be there where that is optional, but must be good', async () => {
    const { ask } = await guarded();
    expect(await ask(undefined, { kind: 'optional' })).toEqual({ kind: 'admitted', holder: undefined });
    expect(await ask('nonsense', { kind: 'optional' })).toMatchObject(invalid);
  });
});

describe('a token of a service', () => {
  const claims = { sub: 'billing', client_id: 'billing', scope: 'orders.read', sid: undefined, roles: undefined };

  test('is refused where only users are let in', async () => {
    const { ask, service } = await guarded();
    expect(await ask(await service.token(claims))).toMatchObject(invalid);
  });

  test('says which service is there, and that it is no user', async () => {
    const { ask, service } = await guarded({ acceptServices: true });
    const expiresAt = new Date((service.state.nowSeconds + 300) * 1000);
    expect(await ask(await service.token(claims))).toEqual({
      kind: 'admitted',
      holder: { service: { clientId: 'billing', scopes: ['orders.read'], tokenId: 'token', expiresAt } },
    });
    expect(await ask(await service.token())).toMatchObject({ holder: { auth: { userId: 'ada' } } });
  });

  test('has permissions, and no roles, whatever it says', async () => {
    const { ask, service } = await guarded({ acceptServices: true });
    const token = await service.token({ ...claims, roles: ['reader'] });
    expect(await ask(token, allPermissions(['orders.read']))).toMatchObject({ kind: 'admitted' });
    expect(await ask(token, oneOfRoles(['reader']))).toMatchObject(refused(403));
  });

  const wrong: [string, JWTPayload][] = [
    ['with another subject', { sub: 'ada' }],
    ['without a scope', { scope: undefined }],
    ['whose client is a number', { client_id: 7 }],
  ];
  test.each(wrong)('%s is refused', async (_, more) => {
    const { ask, service } = await guarded({ acceptServices: true });
    expect(await ask(await service.token({ ...claims, ...more }))).toMatchObject(invalid);
  });
});

async function signedBy(alg: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg);
  return new SignJWT({ sub: 'ada', sid: 's', jti: 't', roles: [] })
    .setProtectedHeader({ alg, typ: 'JWT', kid: 'first' })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setExpirationTime('5m')
    .sign(privateKey);
}

describe('the key set', () => {
  test('is fetched once for many requests', async () => {
    const { ask, service } = await guarded();
    const token = await service.token();
    await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    expect(service.asked).toEqual(['/.well-known/jwks.json']);
  });

  test('that was never had lets nobody in', async () => {
    const told: unknown[] = [];
    const { ask, service } = await guarded({ onUnavailable: (error) => told.push(error) });
    service.state.isAway = true;
    expect(await ask(await service.token())).toMatchObject(refused(503));
    expect(told).toMatchObject([{ name: 'UnavailableError' }]);
    service.state.isAway = false;
    expect(await ask(await service.token())).toMatchObject({ kind: 'admitted' });
  });
});

describe('with introspection', () => {
  const introspection = { clientId: 'shop', clientSecret: 'secret' };

  test('a session that has ended is refused, after what is remembered has been forgotten', async () => {
    const { ask, service, pass } = await guarded({ introspection });
    const token = await service.token();
    expect(await ask(token)).toMatchObject({ kind: 'admitted' });
    service.state.isActive = false;
    expect(await ask(token)).toMatchObject({ kind: 'admitted' });
    pass(6);
    expect(await ask(token)).toMatchObject(invalid);
    expect(service.count('/oauth/introspect')).toBe(2);
  });

  test('nothing is remembered where that is asked for', async () => {
    const { ask, service } = await guarded({ introspection, cacheSeconds: 0 });
    const token = await service.token();
    await ask(token);
    service.state.isActive = false;
    expect(await ask(token)).toMatchObject(invalid);
  });

  test('nobody is let in while the service is away, and everybody again when it is back', async () => {
    const { ask, service, pass } = await guarded({ introspection });
    const token = await service.token();
    await ask(token);
    service.state.isAway = true;
    pass(6);
    expect(await ask(token)).toMatchObject(refused(503));
    service.state.isAway = false;
    expect(await ask(token)).toMatchObject({ kind: 'admitted' });
  });

  test('what is no token of the service is not asked about', async () => {
    const { ask, service } = await guarded({ introspection });
    await ask(await signedBy('EdDSA'));
    expect(service.count('/oauth/introspect')).toBe(0);
  });
});

describe('what is required', () => {
  test('is one of the roles', async () => {
    const { ask, service } = await guarded();
    const token = await service.token();
    expect(await ask(token, oneOfRoles(['writer', 'reader']))).toMatchObject({ kind: 'admitted' });
    const answer = await ask(token, oneOfRoles(['writer']));
    expect(answer).toMatchObject({
      refusal: { status: 403, body: { status: 403, title: 'The role for this is missing' } },
    });
  });

  test('is all of the permissions', async () => {
    const { ask, service } = await guarded();
    const token = await service.token();
    expect(await ask(token, allPermissions(['orders.read']))).toMatchObject({ kind: 'admitted' });
    expect(await ask(token, allPermissions(['orders.read', 'orders.write']))).toMatchObject(refused(403));
    service.state.isAway = true;
    expect(await ask(token, allPermissions(['orders.delete']))).toMatchObject(refused(503));
  });

  test('is named', () => {
    expect(() => oneOfRoles([])).toThrow(RangeError);
    expect(() => allPermissions([])).toThrow(RangeError);
  });
});
