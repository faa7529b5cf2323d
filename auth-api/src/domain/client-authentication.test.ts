import { expect, test } from '@jest/globals';
import { registeredClient } from '../testing/fakes.ts';
import { authenticateClient, type ClientAuthenticationPorts, type PresentedClient } from './client-authentication.ts';
import type { OAuthClient } from './ports/clients.ts';
import { DependencyUnavailableError } from './ports/dependency-unavailable.ts';

const { id } = registeredClient;
const hashOf = (secret: string) => Buffer.from(`hash of ${secret}`);
const registered: OAuthClient = { ...registeredClient, secretHashes: [hashOf('right')] };
const keyed = { secretHashes: [], jwks: { keys: [{ kty: 'OKP', kid: '1' }] } };

/** One client, that of the registry; assertions are good when they say so. */
function service(client: Partial<OAuthClient> = {}, changed: Partial<ClientAuthenticationPorts> = {}) {
  const used: string[] = [];
  const failures: string[] = [];
  const noted: string[] = [];
  const find = async (asked: string) => (asked === id ? { ...registered, ...client } : undefined);
  const ports: ClientAuthenticationPorts = {
    clients: { find, noteUse: (usedId) => noted.push(usedId) },
    rememberedClients: { find: async () => undefined },
    configuredClients: { areValid: (name, secret) => name === 'shop' && secret === 'configured' },
    clientSecrets: {
      mint: () => '',
      hash: hashOf,
      isAmong: (secret, hashes) => hashes.some((hash) => hash.equals(hashOf(secret))),
    },
    clientAssertions: {
      verify: async (assertion) => (assertion.startsWith('good') ? { id: assertion, expiresAtMs: 9 } : undefined),
    },
    usedAssertions: {
      remember: async (_, { id: assertionId }) => !used.includes(assertionId) && used.push(assertionId) > 0,
    },
    limits: {
      take: async (_, subject) => {
        failures.push(subject);
        return failures.length > 2 ? { kind: 'limited', retryAfterSeconds: 7 } : { kind: 'allowed' };
      },
    },
    clock: { nowMs: () => 60_001 },
    ...changed,
  };
  const authenticate = (presented: PresentedClient | undefined, clientNetwork?: string, mayBeRemembered = false) =>
    authenticateClient({ presented, clientNetwork, mayBeRemembered }, ports);
  const secret = (text: string, name = id) => authenticate({ kind: 'secret', id: name, secret: text });
  const assert = (assertion: string) => authenticate({ kind: 'assertion', id, assertion });
  return { authenticate, secret, assert, failures, noted };
}

test('who shows the right secret is let in, and its use is noted once in a while', async () => {
  const { secret, noted } = service();
  expect(await secret('right')).toMatchObject({ kind: 'authenticated', client: { id, may: ['client_credentials'] } });
  expect(noted).toEqual([id]);
  const lately = service({ lastUsedAt: new Date(2) });
  await lately.secret('right');
  expect(lately.noted).toEqual([]);
});

test('a client of the configuration asks about tokens and ends them, and nothing else', async () => {
  const expected = { id: 'shop', may: ['introspect', 'revoke'], registered: undefined };
  expect(await service().secret('configured', 'shop')).toEqual({ kind: 'authenticated', client: expected });
});

test.each([
  ['a wrong secret', {}, 'wrong', id],
  ['an unknown client', {}, 'right', '01890a5d-ac96-774b-bcce-b302099a8059'],
  ['what is no id', {}, 'right', "' OR 1=1"],
  ['a disabled client', { status: 'disabled' as const }, 'right', id],
  ['a client that has keys instead', keyed, 'right', id],
])('%s is refused and counted', async (_, client, text, name) => {
  const { secret, failures, noted } = service(client);
  expect(await secret(text, name)).toEqual({ kind: 'refused' });
  expect(failures).toEqual([`client ${name}`]);
  expect(noted).toEqual([]);
});

test('failures alone are limited: who has the right secret comes in all the same', async () => {
  const { authenticate, secret, failures } = service();
  await secret('wrong');
  await secret('wrong');
  expect(await authenticate(undefined, '203.0.113.9/32')).toEqual({ kind: 'limited', retryAfterSeconds: 7 });
  expect((await secret('right')).kind).toBe('authenticated');
  expect(failures).toEqual([`client ${id}`, `client ${id}`, '203.0.113.9/32']);
});

test('an assertion counts once, and only where there are keys to check it with', async () => {
  const { assert } = service(keyed);
  expect((await assert('good 1')).kind).toBe('authenticated');
  expect(await assert('good 1')).toEqual({ kind: 'refused' });
  expect((await assert('good 2')).kind).toBe('authenticated');
  expect(await assert('bad')).toEqual({ kind: 'refused' });
  expect(await service().assert('good 3')).toEqual({ kind: 'refused' });
});

test('nobody is let in while it cannot be known whether an assertion has been used', async () => {
  const remember = () => Promise.reject(new DependencyUnavailableError('redis', 1));
  const { assert } = service(keyed, { usedAssertions: { remember } });
  await expect(assert('good')).rejects.toThrow(DependencyUnavailableError);
});

test('what is remembered will do where that is said', async () => {
  const rememberedClients = { find: async () => ({ ...registered, secretHashes: [hashOf('old')] }) };
  const { authenticate } = service({}, { rememberedClients });
  const old: PresentedClient = { kind: 'secret', id, secret: 'old' };
  expect((await authenticate(old, undefined, true)).kind).toBe('authenticated');
  expect((await authenticate(old)).kind).toBe('refused');
});
