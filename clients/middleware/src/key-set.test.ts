import { expect, test } from '@jest/globals';
import { errors } from 'jose';
import { UnavailableError } from './auth.ts';
import { remoteKeySet } from './key-set.ts';

const key = (kid: string) => ({
  kty: 'OKP',
  crv: 'Ed25519',
  kid,
  alg: 'EdDSA',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
});
const url = new URL('https://auth.example.com/.well-known/jwks.json');

/** jose reads the clock itself: what is due is brought about by a key that is not known, after its cool-down. */
function keySet(answers: (() => Response)[]) {
  let nowMs = Date.now();
  const realNow = Date.now;
  const fetching: typeof fetch = async () => (answers.shift() ?? away)();
  const keys = remoteKeySet({ url, fetch: fetching, timeoutMs: 1000, nowMs: () => nowMs });
  const keyOf = async (kid: string) => {
    Date.now = () => nowMs;
    try {
      return await keys({ alg: 'EdDSA', kid }, { payload: '', signature: '' });
    } finally {
      Date.now = realNow;
    }
  };
  const pass = (minutes: number) => {
    nowMs += minutes * 60_000;
  };
  return { keyOf, pass };
}

const away = () => {
  throw new TypeError('fetch failed');
};
const having =
  (...kids: string[]) =>
  () =>
    Response.json({ keys: kids.map(key) });

test('a key that was rotated in is found', async () => {
  const { keyOf, pass } = keySet([having('old'), having('old', 'new')]);
  await keyOf('old');
  await expect(keyOf('new')).rejects.toThrow(errors.JWKSNoMatchingKey);
  pass(1);
  await expect(keyOf('new')).resolves.toBeDefined();
});

test('what was fetched last is good for a day while the service is away', async () => {
  const { keyOf, pass } = keySet([having('old')]);
  await keyOf('old');
  pass(60);
  await expect(keyOf('old')).resolves.toBeDefined();
  pass(24 * 60);
  await expect(keyOf('old')).rejects.toThrow(UnavailableError);
});

test('a key that is unknown while the service is away may be a new one', async () => {
  const { keyOf, pass } = keySet([having('old')]);
  await keyOf('old');
  pass(60);
  await expect(keyOf('new')).rejects.toThrow(UnavailableError);
});

test.each([
  ['an error', () => new Response('{}', { status: 500 })],
  ['a page', () => new Response('<h1>Hello</h1>')],
  ['something else', () => Response.json({ keys: 'none' })],
])('%s in place of a key set takes no place of the last', async (_, answer) => {
  const { keyOf, pass } = keySet([having('old'), answer, having('old', 'new')]);
  await keyOf('old');
  pass(60);
  await expect(keyOf('old')).resolves.toBeDefined();
  pass(60);
  await expect(keyOf('new')).resolves.toBeDefined();
});
