import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { oauthClient, serveEnvironment } from './harness/stack.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
const operations: Asked[] = Object.entries(document.paths)
  .filter(([path]) => path.startsWith('/v1/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  .filter(({ operation: { security = [] } }) => security.every((scheme) => 'accessToken' in scheme));

const stack = runningStack();
let api: ApiProcess;
let adminToken: string;
let storedBefore: unknown;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(stack));
  adminToken = await administratorToken(new Client(api.url));
  storedBefore = await whatIsStored();
});
afterAll(() => api?.stop());

/** Whatever a request could have left behind. */
async function whatIsStored(): Promise<unknown> {
  const superuser = await connect(stack.primaryPort, 'postgres');
  const tables = ['users', 'roles', 'permissions', 'role_permissions', 'user_roles', 'user_permissions'];
  const counts = tables.map((table) => `(SELECT count(*) FROM auth.${table}) AS ${table}`);
  const { rows } = await superuser.query(
    `SELECT ${counts.join(', ')}, count(display_name) AS names, count(email) AS addresses FROM auth.users`,
  );
  await superuser.end();
  return rows[0];
}

interface Sent {
  readonly what: string;
  readonly path?: string;
  readonly body?: string | Buffer<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly statuses: readonly number[];
  /** That a fault must name. */
  readonly pointer?: string;
}

/** What was not answered as it should have been, in words. */
async function answeredWrongly(asked: Asked, sent: Sent): Promise<string[]> {
  const answer = await fetch(`${api.url}${sent.path ?? pathOf(asked)}`, {
    method: asked.method,
    headers: {
      ...(asked.operation.security === undefined ? {} : { authorization: `Bearer ${adminToken}` }),
      'if-match': '"1"',
      ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(sent.body === undefined ? {} : { body: sent.body }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await answer.text();
  const isProblem = answer.headers.get('content-type')?.includes('application/problem+json') === true;
  const isRight =
    sent.statuses.includes(answer.status) &&
    (answer.status < 400 || isProblem) &&
    (sent.pointer === undefined || pointersOf(text).some((pointer) => isWithin(pointer, sent.pointer)));
  return isRight ? [] : [`${sent.what}: ${answer.status} ${text.slice(0, 300)}`];
}

function isWithin(pointer: string, outer = ''): boolean {
  return pointer === outer || pointer.startsWith(`${outer}/`);
}

function pointersOf(text: string): string[] {
  const { errors = [] } = JSON.parse(text) as { errors?: { pointer: string }[] };
  return errors.map(({ pointer }) => pointer);
}

/** Names nothing that is there. */
function pathOf({ path }: Asked, parameters: Readonly<Record<string, string>> = {}): string {
  const nothing: Record<string, string> = { id: '01890a5d-ac96-774b-bcce-b302099a8057', ...parameters };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => nothing[name] ?? 'contract.nothing');
}

const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});

function typesOf(schema: Schema): Set<string> {
  const { type, anyOf = [] } = resolved(schema);
  return new Set([...(type === undefined ? [] : [type]), ...anyOf.flatMap((one) => [...typesOf(one)])]);
}

/** Good enough for all but its patterns: what else is wrong is told as well. */
function sample(schema: Schema): unknown {
  const { anyOf, type, format, enum: values, items = {}, properties = {}, required = [] } = resolved(schema);
  if (anyOf !== undefined) return sample(anyOf[0] ?? {});
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})]));
  if (type === 'array') return [sample(items)];
  if (type === 'string') return values?.[0] ?? (format === 'email' ? 'ada@example.com' : 'contract.nothing');
  return type === 'boolean' ? true : 1;
}

const values: readonly [string, unknown][] = [
  ['string', 'text'],
  ['integer', 7],
  ['number', 7.5],
  ['boolean', true],
  ['null', null],
  ['array', [['deep']]],
  ['object', { a: 1 }],
];

/** Text that JSON can write and that is none: NUL, and half of a surrogate pair. */
const noText = ['a\\u0000b', 'a\\ud800b', '\\udc00'];

function badFields(schema: Schema): Sent[] {
  const good = sample(schema) as Record<string, unknown>;
  const withField = (name: string, json: string) =>
    `{${[...Object.entries(good).filter(([other]) => other !== name)]
      .map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`)
      .concat(`${JSON.stringify(name)}:${json}`)
      .join()}}`;
  const fields = Object.entries(resolved(schema).properties ?? {});
  const ofType = fields.flatMap(([name, field]) => {
    const wrong = values.filter(
      ([type]) => !typesOf(field).has(type) && !(type === 'integer' && typesOf(field).has('number')),
    );
    return wrong.map(([type, value]) => ({ name, what: `${name} as ${type}`, json: JSON.stringify(value) }));
  });
  const ofText = fields
    .filter(([, field]) => typesOf(field).has('string'))
    .flatMap(([name]) => noText.map((text) => ({ name, what: `${name} as "${text}"`, json: `"${text}"` })));
  const deep = fields.map(([name]) => {
    return { name, what: `${name} deep`, json: `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}` };
  });
  const unknown = ['no_field', '__proto__', 'constructor', 'toString'].map((name) => {
    return { name, what: `the unknown field ${name}`, json: '{"a":1}' };
  });
  const missing = (resolved(schema).required ?? []).map((name): Sent => {
    const { [name]: _, ...rest } = good;
    return { what: `without ${name}`, body: JSON.stringify(rest), statuses: [422], pointer: `/${name}` };
  });
  return [...ofType, ...ofText, ...deep, ...unknown]
    .map(({ name, what, json }): Sent => ({ what, body: withField(name, json), statuses: [422], pointer: `/${name}` }))
    .concat(missing);
}

function badBodies(schema: Schema): Sent[] {
  const good = JSON.stringify(sample(schema));
  const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const twice = good === '{}' ? '{"a":1,"a":1}' : `{${good.slice(1, -1)},${good.slice(1)}`;
  const bodies: [string, string | Buffer<ArrayBuffer>, ...number[]][] = [
    ['no JSON', 'a=1', 400],
    ['JSON that is cut off', good.slice(0, -1), 400],
    ['more than one value', `${good}${good}`, 400],
    ['a name that stands twice', twice, 400],
    ['a name that stands twice, written otherwise', '{"a":1,"\\u0061":1}', 400],
    ['broken UTF-8', bytes('{"a":"', [0xc3, 0x28], '"}'), 400],
    ['a surrogate in UTF-8', bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'), 400],
    ['overlong UTF-8', bytes('{"a":"', [0xc0, 0xaf], '"}'), 400],
    ['UTF-16', Buffer.from(good, 'utf16le'), 400],
    ['a bare NUL', bytes('{"a":"', [0], '"}'), 400],
    ['NaN', '{"a":NaN}', 400],
    ['a number beyond all', '{"a":1e999}', 422],
    ['a deep array', `${'['.repeat(7000)}${']'.repeat(7000)}`, 422],
    ['null', 'null', 422],
    ['a list', `[${good}]`, 422],
    ['text', '"text"', 422],
    ['a number', '7', 422],
    ['too much', `{"a":"${'x'.repeat(17_000)}"}`, 413, 422],
    ['much too much', `{"a":"${'x'.repeat(200_000)}"}`, 413, 422],
  ];
  const types: [string, Readonly<Record<string, string>>, number][] = [
    ['of another type', { 'content-type': 'text/plain' }, 415],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['of no type that there is', { 'content-type': 'json' }, 415],
    ['compressed, it says', { 'content-encoding': 'gzip' }, 400],
    ['compressed by something else', { 'content-encoding': 'zstd, lzma' }, 415],
  ];
  return [
    ...bodies.map(([what, body, ...statuses]): Sent => ({ what, body, statuses })),
    ...types.map(([what, headers, status]): Sent => ({ what, body: good, headers, statuses: [status] })),
  ];
}

/** Percent-encoded, as a client may send them. */
const noName = [
  '%00',
  'a%00b',
  '%ED%A0%80',
  '%C0%AF',
  '%',
  '%2e%2e%2f',
  "'%20OR%201=1",
  '%F0%9F%98%80',
  'x'.repeat(5000),
];

function badParameters(asked: Asked): Sent[] {
  const parameters = asked.operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const query = (what: string, text: string, statuses: readonly number[]): Sent => {
    return { what, path: `${pathOf(asked)}?${text}`, statuses };
  };
  return [
    ...inPath.flatMap(({ name }) =>
      noName.map((text): Sent => {
        return { what: `${name} as ${text.slice(0, 20)}`, path: pathOf(asked, { [name]: text }), statuses: [400, 404] };
      }),
    ),
    ...inQuery.flatMap(({ name, schema }) => [
      ...[...noName, ''].map((text) =>
        query(`?${name}=${text.slice(0, 20)}`, `${name}=${text}`, statusesOf(schema, text)),
      ),
      ...(schema.type === 'array' ? [] : [query(`?${name} twice`, `${name}=1&${name}=2`, [422])]),
      query(`?${name}[a]`, `${name}[a]=1`, [422]),
    ]),
    ...(inQuery.length === 0 ? [] : [query('an unknown one', 'no_parameter=1', [422])]),
  ];
}

/** Free text may be searched for, whatever it is, unless it is none. */
function statusesOf({ type, format, enum: values }: Schema, text: string): number[] {
  const isFree = type === 'string' && format === undefined && values === undefined;
  return isFree && !text.includes('%00') ? [200, 404, 422] : [404, 422];
}

const badTokens: readonly Sent[] = [
  'Bearer',
  'Bearer x',
  'Bearer a.b.c',
  'Bearer e30.e30.e30',
  `Bearer ${'a'.repeat(9000)}`,
  'Basic YTpi',
  'é',
].map((authorization) => ({ what: authorization.slice(0, 20), headers: { authorization }, statuses: [401] }));

/** Who may not ask is told so, whatever the body is. */
const bodyOfNobody: Sent = { what: 'a body of nobody', body: '{"a":', headers: { authorization: '' }, statuses: [401] };

const badKeys: readonly Sent[] = ['é', 'x'.repeat(256), 'a b'].map((key) => {
  return { what: `the key ${key.slice(0, 9)}`, body: '{}', headers: { 'idempotency-key': key }, statuses: [400] };
});

describe('every bad request is answered with a problem that says so', () => {
  test.each(operations.map((asked) => [`${asked.method} ${asked.path}`, asked] as const))('%s', async (_, asked) => {
    const { requestBody, security, parameters = [] } = asked.operation;
    const schema = requestBody?.content['application/json']?.schema;
    const takesKey = parameters.some(({ name }) => name === 'Idempotency-Key');
    const requests = [
      ...(schema === undefined ? [] : [...badFields(schema), ...badBodies(schema)]),
      ...badParameters(asked),
      ...(security === undefined ? [] : badTokens),
      ...(security === undefined || schema === undefined ? [] : [bodyOfNobody]),
      ...(takesKey ? badKeys : []),
    ];
    const wrong: string[] = [];
    for (const sent of requests) wrong.push(...(await answeredWrongly(asked, sent)));
    expect(wrong).toEqual([]);
  });

  test('and leaves nothing behind', async () => {
    expect(await whatIsStored()).toEqual(storedBefore);
  });
});

test('what a search goes on from is held to that as well', async () => {
  const client = new Client(api.url);
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  for (const position of [['a\0b', id], ['a\ud800', id], ['a', 'nonsense'], [7, id], {}]) {
    const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
    const answer = await client.send('GET', `/v1/admin/users?cursor=${cursor}`, { token: adminToken });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/cursor' }] } });
  }
});

describe('what is for services', () => {
  const authorization = `Basic ${Buffer.from(`${oauthClient.id}:${oauthClient.secret}`).toString('base64')}`;
  const forms = ['', 'token', 'token=', 'a=1', '%', 'x'.repeat(17_000)];

  test.each(['/oauth/introspect', '/oauth/revoke', '/oauth/token'])(
    '%s refuses what it has no use for',
    async (path) => {
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
      for (const body of forms) {
        const answer = await fetch(`${api.url}${path}`, { method: 'POST', headers, body });
        expect([body.slice(0, 9), answer.status, await answer.json()]).toEqual([
          body.slice(0, 9),
          400,
          expect.objectContaining({ error: 'invalid_request' }),
        ]);
      }
    },
  );

  test.each(['%', '%00', '%FF'])('the token %s is one that is not good', async (token) => {
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${api.url}/oauth/introspect`, { method: 'POST', headers, body: `token=${token}` });
    expect([answer.status, await answer.json()]).toEqual([200, { active: false }]);
  });

  test.each(['%', '%00', '%FF', 'A%20B'])('/verify with the permission %s lets nobody in', async (name) => {
    const { status } = await new Client(api.url).send('GET', `/verify?permission=${name}`, { token: adminToken });
    expect([400, 403]).toContain(status);
  });
});

test.each([
  ['no addresses', "nonsense, 1.2.3.4.5, ::zz, '"],
  ['an address with the name of a link', 'fe80::1%eth0'],
])('a registration whose headers are nonsense, with %s, is a registration', async (_, forwardedFor) => {
  const headers = {
    'x-forwarded-for': forwardedFor,
    'accept-language': ';;q=,*;q=9',
    'user-agent': 'é'.repeat(900),
  };
  const answer = await new Client(api.url).send('POST', '/v1/users', { body: newCredentials(), headers });
  expect([201, 503]).toContain(answer.status);
});
