import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { OtlpReceiver } from '../../dev/otlp-receiver.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { enroll } from './harness/authenticator.ts';
import { Client, type Credentials, newCredentials, unlessBusy } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let receiver: OtlpReceiver;
let api: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  api = await ApiProcess.start({
    ...serveEnvironment(runningStack()),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  client = new Client(api.url);
  adminToken = await administratorToken(client);
});
afterAll(async () => {
  await api?.stop();
  await receiver?.stop();
});

interface Person {
  readonly credentials: Credentials;
  readonly id: string;
  readonly token: string;
}

const admin = (method: string, path: string, body?: object) =>
  client.send(method, `/v1/admin/users${path}`, { token: adminToken, ...(body === undefined ? {} : { body }) });

async function newPerson(): Promise<Person> {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  return { credentials, id: String(body.id), token: tokens.access_token };
}

async function newDisabled(): Promise<Credentials> {
  const { credentials, id } = await newPerson();
  expect((await admin('PATCH', `/${id}`, { status: 'disabled' })).status).toBe(204);
  return credentials;
}

async function newLegacy(): Promise<Credentials> {
  const { username, password } = newCredentials();
  const hash = createHash('md5').update(password).digest('hex');
  const body = JSON.stringify({ username, password_hash: hash });
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await client.send('POST', '/v1/admin/users/import', { token: adminToken, headers, body });
  expect(answer.body).toMatchObject({ created: 1 });
  return { username, password };
}

async function newLocked(): Promise<Credentials> {
  const { credentials } = await newPerson();
  for (let tries = 0; tries < 10; tries += 1) await unlessBusy(() => client.login(wrong(credentials)));
  return credentials;
}

async function changed(change: (person: Person) => Promise<unknown>): Promise<Credentials> {
  const person = await newPerson();
  await change(person);
  return person.credentials;
}

const wrong = (credentials: Credentials) => ({ ...credentials, password: 'not the password' });

/** By what nobody outside may tell them apart. */
const refusals: Readonly<Record<string, () => Promise<Credentials>>> = {
  'a wrong password': async () => wrong((await newPerson()).credentials),
  'a wrong password of a legacy hash': async () => wrong(await newLegacy()),
  'a wrong password where there is a second factor': async () =>
    wrong(await changed(({ token }) => enroll(client, token))),
  'a wrong password where another one is required': async () =>
    wrong(await changed(({ id }) => admin('PUT', `/${id}/password-change`))),
  'a disabled account': newDisabled,
  'a wrong password of a disabled account': async () => wrong(await newDisabled()),
  'a locked account': newLocked,
  'a wrong password of a locked account': async () => wrong(await newLocked()),
};

/** The answer, and what the databases were asked for it. */
async function refused({ username, password }: Credentials) {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const headers = { traceparent, 'x-forwarded-for': '203.0.113.91' };
  const answer = await unlessBusy(() => client.send('POST', '/v1/login', { body: { username, password }, headers }));
  const own = await eventually(async () => {
    const spans = receiver.spans.filter((span) => span.traceId === traceId);
    // The span of the request ends last, but for what nobody waits for.
    if (!spans.some(({ name }) => name === 'POST /v1/login')) throw new Error('the trace is not there yet');
    return spans;
  });
  const asked = own.filter(({ attributes }) => attributes.has('db.system.name'));
  const { date: _, ...told } = Object.fromEntries(answer.headers);
  return { answer: { status: answer.status, headers: told, body: answer.body }, asked: asked.map(askedOf).sort() };
}

function askedOf({ name, attributes }: OtlpReceiver['spans'][number]): string {
  return `${attributes.get('db.system.name')}: ${name}`;
}

test.each(Object.keys(refusals))('%s is answered as an unknown user is, and costs the same questions', async (name) => {
  const credentials = await refusals[name]?.();
  if (credentials === undefined) throw new Error('there are no such credentials');
  // What is new to a connection costs more, and so do caches that are trusted in between.
  await eventually(async () => {
    const unknown = await refused(newCredentials());
    expect(unknown.answer.status).toBe(401);
    expect(unknown.asked.some((each) => each.startsWith('redis'))).toBe(true);
    expect(unknown.asked.some((each) => each.startsWith('postgresql'))).toBe(true);
    expect(await refused(credentials)).toEqual(unknown);
  });
});

test('who tries too often is told when to come back, known or not', async () => {
  const limited = await ApiProcess.start({ ...serveEnvironment(runningStack()), LOGIN_RATE_PER_ACCOUNT: '1/3600' });
  try {
    const { credentials } = await newPerson();
    const other = new Client(limited.url);
    const beyondLimit = (who: Credentials) =>
      eventually(async () => {
        const { status, headers, body } = await unlessBusy(() => other.login(wrong(who)));
        expect(status).toBe(429);
        expect(headers.get('retry-after')).toMatch(/^3[56]\d\d$/);
        return { names: [...headers.keys()], body };
      });
    expect(await beyondLimit(newCredentials())).toEqual(await beyondLimit(credentials));
  } finally {
    await limited.stop();
  }
});
