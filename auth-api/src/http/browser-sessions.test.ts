import { describe, expect, test } from '@jest/globals';
import type { RefreshTokenState } from '../domain/ports/sessions.ts';
import {
  type BrowserRequest,
  deliveryRefusal,
  presentedRefreshToken,
  tokenAnswer,
  withoutDeadCookie,
} from './browser-sessions.ts';
import { forgettingCookie } from './refresh-cookie.ts';

const page = 'https://app.example.com';
const open = { browserOrigins: new Set([page]) };
const closed = { browserOrigins: new Set<string>() };
const ours: BrowserRequest = { origin: page, fetchSite: 'same-site', refreshCookie: 'kept' };
const crossSite = { status: 403, body: { type: 'https://authcluster.dev/problems/cross-site-request' } };

const notOurs: [string, Partial<BrowserRequest>][] = [
  ['without an origin', { origin: undefined }],
  ['of no origin at all that says where it is from', { origin: undefined, fetchSite: 'same-origin' }],
  ['of another origin', { origin: 'https://evil.example.net' }],
  ['of a page that a browser gives no name', { origin: 'null' }],
  ['of an origin that begins alike', { origin: `${page}.evil.example.net` }],
  ['of an origin that ends alike', { origin: 'https://evilapp.example.com' }],
  ['without TLS', { origin: 'http://app.example.com' }],
  ['of another port', { origin: `${page}:8443` }],
  ['in other letters', { origin: page.toUpperCase() }],
  ['of two origins', { origin: `${page}, https://evil.example.net` }],
  ['from another site', { fetchSite: 'cross-site' }],
  ['that a person began', { fetchSite: 'none' }],
  ['from a site in other words', { fetchSite: 'same-origin, cross-site' }],
];

describe('the cookie is neither given nor taken', () => {
  test.each(notOurs)('in a request %s', (_, difference) => {
    const request = { ...ours, ...difference };
    expect(deliveryRefusal('cookie', request, open)).toMatchObject(crossSite);
    expect(presentedRefreshToken(undefined, request, open)).toMatchObject({ kind: 'refused', answer: crossSite });
  });

  test('where no origin is allowed', () => {
    const delivery = { status: 422, body: { errors: [{ pointer: '/refresh_token_delivery' }] } };
    expect(deliveryRefusal('cookie', ours, closed)).toMatchObject(delivery);
    const answer = { status: 422, body: { errors: [{ pointer: '/refresh_token', detail: 'is needed' }] } };
    expect(presentedRefreshToken(undefined, ours, closed)).toMatchObject({ kind: 'refused', answer });
  });
});

describe('the cookie is given and taken', () => {
  test.each(['same-origin', 'same-site', undefined])('in a request of an allowed origin, %s', (fetchSite) => {
    const request = { ...ours, fetchSite };
    expect(deliveryRefusal('cookie', request, open)).toBeUndefined();
    const presented = { kind: 'presented', token: 'kept', delivery: 'cookie' };
    expect(presentedRefreshToken(undefined, request, open)).toEqual(presented);
  });
});

test('a token in the body counts, wherever it comes from and whatever cookie goes along', () => {
  const stranger: BrowserRequest = { origin: undefined, fetchSite: undefined, refreshCookie: 'kept' };
  const presented = { kind: 'presented', token: 'shown', delivery: 'body' };
  for (const ports of [open, closed]) {
    expect(deliveryRefusal('body', stranger, ports)).toBeUndefined();
    expect(presentedRefreshToken('shown', stranger, ports)).toEqual(presented);
  }
});

test('a refresh token is in the cookie or in the body, never in both', () => {
  const tokens = { accessToken: 'access', expiresInSeconds: 300, refreshToken: 'secret' };
  const inCookie = tokenAnswer(tokens, 'cookie', { refreshSeconds: 60 });
  expect(JSON.stringify(inCookie.body)).not.toContain('secret');
  expect(inCookie.body).toEqual({ access_token: 'access', token_type: 'Bearer', expires_in: 300 });
  expect(inCookie.headers?.['set-cookie']).toContain('=secret; Max-Age=60;');
  const inBody = tokenAnswer(tokens, 'body', { refreshSeconds: 60 });
  expect(inBody.body).toMatchObject({ refresh_token: 'secret' });
  expect(inBody.headers).toBeUndefined();
});

describe('after what ends sessions', () => {
  const done = { status: 204 };
  const withSession = (find: () => Promise<Pick<RefreshTokenState, 'isSessionLive'> | undefined>, origins = open) => ({
    ...origins,
    refreshTokens: { hash: (token: string) => Buffer.from(token) },
    sessions: { findRefreshToken: find as () => Promise<RefreshTokenState | undefined> },
  });
  const forgotten = { headers: { 'set-cookie': forgettingCookie } };

  test('the cookie of a session that is over is forgotten, and of one that is gone', async () => {
    const over = withSession(async () => ({ isSessionLive: false }));
    expect(await withoutDeadCookie(done, ours, over)).toMatchObject(forgotten);
    const gone = withSession(async () => undefined);
    expect(await withoutDeadCookie(done, ours, gone)).toMatchObject(forgotten);
  });

  test('the cookie of a session that lives stays', async () => {
    const live = withSession(async () => ({ isSessionLive: true }));
    expect(await withoutDeadCookie(done, ours, live)).toBe(done);
  });

  test('what was done stays done where it cannot be known', async () => {
    const unknown = withSession(() => Promise.reject(new Error('the primary is away')));
    expect(await withoutDeadCookie(done, ours, unknown)).toBe(done);
  });

  test('nothing is asked after a refusal, without a cookie, or where there are none', async () => {
    const never = () => Promise.reject(new Error('was asked'));
    const refused = { status: 422 };
    expect(await withoutDeadCookie(refused, ours, withSession(never))).toBe(refused);
    const bare = { ...ours, refreshCookie: undefined };
    expect(await withoutDeadCookie(done, bare, withSession(never))).toBe(done);
    expect(await withoutDeadCookie(done, ours, withSession(never, closed))).toBe(done);
  });
});
