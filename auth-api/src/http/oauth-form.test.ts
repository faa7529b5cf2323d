import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { presentedClient, readForm } from './oauth-form.ts';

const formType = 'application/x-www-form-urlencoded';

function read(body: string, type = formType) {
  const request = Object.assign(Readable.from([Buffer.from(body)]), { headers: { 'content-type': type } });
  return readForm(request as unknown as IncomingMessage);
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const form = (fields: Record<string, string> = {}) => new URLSearchParams(fields);

describe('a form', () => {
  test('is read as RFC 6749 section 4.4.2 shows it', async () => {
    expect((await read('grant_type=client_credentials', `${formType};charset=UTF-8`))?.get('grant_type')).toBe(
      'client_credentials',
    );
  });

  test('leaves out what has no value (RFC 6749 section 3.2)', async () => {
    const shown = await read('token=x&client_secret=&scope');
    expect([...(shown ?? [])]).toEqual([['token', 'x']]);
  });

  test.each([
    ['of another type', '{}', 'application/json'],
    ['with a field twice', 'scope=a&scope=b', formType],
    ['that is too long', `token=${'x'.repeat(17_000)}`, formType],
  ])('%s is refused', async (_, body, type) => {
    expect(await read(body, type)).toBeUndefined();
  });
});

describe('a client', () => {
  test('is shown by HTTP Basic as in RFC 6749 section 2.3.1, both parts form-encoded', () => {
    expect(presentedClient('Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3', form())).toEqual({
      kind: 'secret',
      id: 's6BhdRkqt3',
      secret: '7Fjfp0ZBr1KtDRbnfVdmIw',
    });
    expect(presentedClient(basic('a%3Ab:c+d%25'), form())).toEqual({ kind: 'secret', id: 'a:b', secret: 'c d%' });
  });

  test('is shown in the form', () => {
    const fields = { client_id: 's6BhdRkqt3', client_secret: '7Fjfp0ZBr1KtDRbnfVdmIw' };
    expect(presentedClient(undefined, form(fields))).toEqual({
      kind: 'secret',
      id: 's6BhdRkqt3',
      secret: '7Fjfp0ZBr1KtDRbnfVdmIw',
    });
  });

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const assertion = `${part({ alg: 'ES256', kid: '16' })}.${part({ iss: 'shop', sub: 'shop' })}.c2ln`;
  const asserted = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };

  test('is shown by an assertion (RFC 7523 section 2.2)', () => {
    const shown = { kind: 'assertion', id: 'shop', assertion };
    expect(presentedClient(undefined, form(asserted))).toEqual(shown);
    expect(presentedClient(undefined, form({ ...asserted, client_id: 'shop' }))).toEqual(shown);
  });

  test.each([
    ['an assertion of another type', { ...asserted, client_assertion_type: 'saml2' }],
    ['an assertion that is no JWT', { ...asserted, client_assertion: 'a.b.c' }],
    ['an assertion of somebody else', { ...asserted, client_id: 'bank' }],
    ['an id alone', { client_id: 'shop' }],
    ['nothing', {}],
  ])('is not shown by %s', (_, fields) => {
    expect(presentedClient(undefined, form(fields as Record<string, string>))).toBeUndefined();
  });

  test('that is shown in two ways is none (RFC 6749 section 2.3)', () => {
    expect(presentedClient(basic('a:b'), form({ client_secret: 'b' }))).toBe('severalWays');
    expect(presentedClient(basic('a:b'), form(asserted))).toBe('severalWays');
    expect(presentedClient(undefined, form({ ...asserted, client_secret: 'b' }))).toBe('severalWays');
    expect(presentedClient(basic('a:b'), form({ client_id: 'c' }))).toBeUndefined();
  });
});
