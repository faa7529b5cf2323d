import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, type Credentials, newCredentials } from './harness/client.ts';
import { metric } from './harness/metrics.ts';
import { runningStack } from './harness/running-stack.ts';
import { MailServer, mailbox } from './harness/smtp.ts';
import { serveEnvironment } from './harness/stack.ts';

/** More than an attempt takes on a busy machine. */
const retrySeconds = 5;
let mails: MailServer;
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  mails = new MailServer();
  const mail = await mails.listen();
  const short = { RECOVERY_RATE_PER_ACCOUNT: '4/3600', MAIL_RETRY_SECONDS: String(retrySeconds) };
  const environment = { ...serveEnvironment(runningStack()), ...mail, ...short };
  api = await ApiProcess.start(environment);
  client = new Client(api.url);
});
afterAll(() => Promise.all([api?.stop(), mails?.close()]));

const resetSubject = /^Set another password/;
const verifySubject = /^Confirm your address/;

/** Waits until some mail has ended so. */
function ended(process: ApiProcess, outcome: string, template: string): Promise<void> {
  const series = `mails_total{template="${template}",outcome="${outcome}"}`;
  return eventually(async () => expect(await metric(new Client(process.opsUrl), series)).toBeGreaterThan(0));
}

interface Person {
  readonly credentials: Credentials;
  readonly email: string;
  readonly token: string;
}

async function newPerson(more: object = {}, credentials = newCredentials()): Promise<Person> {
  const email = `${credentials.username}@Example.com`;
  const registered = await client.register({ ...credentials, email, ...more });
  expect(registered).toMatchObject({ status: 201, body: { email_verified: false } });
  const { body } = await client.login(credentials);
  return { credentials, email, token: body.access_token };
}

const confirm = (person: Person, token: string) =>
  client.send('POST', '/v1/me/email/verification/confirm', { token: person.token, body: { token } });

async function newVerifiedPerson(more: object = {}): Promise<Person> {
  const person = await newPerson(more);
  const { locale } = more as { locale?: string };
  const subject = locale === 'ja' ? /メールアドレスの確認/ : verifySubject;
  expect((await confirm(person, await mails.tokenTo(person.email, subject))).status).toBe(204);
  return person;
}

const forgot = (identifier: string, headers = {}) =>
  client.send('POST', '/v1/password-reset', { body: { identifier }, headers });
const reset = (token: string, password: string) =>
  client.send('POST', '/v1/password-reset/confirm', { body: { token, new_password: password } });
const profile = async (person: Person) => (await client.me(person.token)).body;

describe('an address', () => {
  test('is verified by the mail that registration sends, over TLS and as somebody', async () => {
    const person = await newPerson();
    const mail = await mails.mailTo(person.email, verifySubject);
    expect(mail).toMatchObject({
      isEncrypted: true,
      user: mailbox.username,
      from: { address: 'no-reply@example.com' },
    });
    expect(mail.html).toContain('https://shop.example.com/verify#');
    const token = await mails.tokenTo(person.email, verifySubject);
    expect((await confirm(person, token)).status).toBe(204);
    expect(await profile(person)).toMatchObject({ email_verified: true });
    expect((await confirm(person, token)).body).toMatchObject({ errors: [{ pointer: '/token' }] });
  });

  test('is not verified for whoever registered with it by the click of its owner', async () => {
    const attacker = await newPerson();
    const owner = await newPerson();
    const token = await mails.tokenTo(attacker.email, verifySubject);
    expect((await confirm(owner, token)).status).toBe(422);
    expect(await profile(attacker)).toMatchObject({ email_verified: false });
  });

  test('belongs to whoever has verified it first, whatever its case', async () => {
    const first = await newVerifiedPerson();
    const second = await newPerson({ email: first.email.toUpperCase() });
    const token = await mails.tokenTo(first.email, new RegExp(`account ${second.credentials.username}`));
    expect(await confirm(second, token)).toMatchObject({ status: 409 });
    expect(await profile(second)).toMatchObject({ email_verified: false });
  });

  test('that is exchanged has to be verified anew, and the old one is told', async () => {
    const person = await newVerifiedPerson();
    const etag = (await client.me(person.token)).headers.get('etag') ?? '';
    const email = `new-${person.email}`;
    const changed = await client.send('PATCH', '/v1/me', {
      token: person.token,
      body: { email },
      headers: { 'if-match': etag, 'accept-language': 'ja, en;q=0.5' },
    });
    expect(changed.body).toMatchObject({ email, email_verified: false });
    await mails.mailTo(person.email, /メールアドレスが変更されました/);
    const token = await mails.tokenTo(email, /メールアドレスの確認/);
    expect((await confirm(person, token)).status).toBe(204);
  });

  test('can be asked to be verified again, a few times', async () => {
    const person = await newPerson();
    const ask = () => client.send('POST', '/v1/me/email/verification', { token: person.token });
    const statuses = [];
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await ask()).status);
    expect(statuses).toEqual([202, 202, 202, 202, 429]);
  });
});

describe('a lost password', () => {
  test.each(['user name', 'address'])('is replaced by who is known by its %s; every session ends', async (by) => {
    const person = await newVerifiedPerson();
    expect(await forgot(by === 'address' ? person.email.toUpperCase() : person.credentials.username)).toMatchObject({
      status: 202,
      body: '',
    });
    const token = await mails.tokenTo(person.email, resetSubject);
    const { password } = newCredentials();
    expect((await reset(token, password)).status).toBe(204);
    expect((await client.verify(person.token)).status).toBe(401);
    expect((await client.login(person.credentials)).status).toBe(401);
    expect((await client.login({ ...person.credentials, password })).status).toBe(200);
    expect((await reset(token, newCredentials().password)).body).toMatchObject({ errors: [{ pointer: '/token' }] });
    await mails.mailTo(person.email, /^Your password .* has changed/);
  });

  test('is written about in the language of the account', async () => {
    const person = await newVerifiedPerson({ locale: 'ja' });
    await forgot(person.credentials.username, { 'accept-language': 'en' });
    const { text } = await mails.mailTo(person.email, /パスワードの再設定/);
    expect(text).toContain('リンク');
  });

  test('is not written about to an address that nobody verified, and nobody learns which is which', async () => {
    const person = await newPerson();
    const answers = await Promise.all([forgot(person.email), forgot(person.credentials.username), forgot('no-one')]);
    const shown = answers.map(({ status, body }) => ({ status, body }));
    expect(shown).toEqual([shown[0], shown[0], shown[0]]);
    await ended(api, 'needless', 'reset_password');
    expect(
      mails.received.filter(
        ({ recipient, subject = '' }) => recipient === person.email.toLowerCase() && resetSubject.test(subject),
      ),
    ).toEqual([]);
  });

  test('too weak a new one leaves the token good', async () => {
    const person = await newVerifiedPerson();
    await forgot(person.email);
    const token = await mails.tokenTo(person.email, resetSubject);
    expect((await reset(token, person.credentials.username)).body).toMatchObject({
      errors: [{ pointer: '/new_password' }],
    });
    expect((await reset(token, newCredentials().password)).status).toBe(204);
  });

  test('of tokens used at once one sets the password', async () => {
    const person = await newVerifiedPerson();
    await forgot(person.email);
    const token = await mails.tokenTo(person.email, resetSubject);
    const answers = await Promise.all([1, 2, 3, 4].map(() => reset(token, newCredentials().password)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 422, 422, 422]);
  });

  test('tokens of before a change of the password are worth nothing', async () => {
    const person = await newVerifiedPerson();
    await forgot(person.email);
    const token = await mails.tokenTo(person.email, resetSubject);
    const { password } = newCredentials();
    const change = { current_password: person.credentials.password, new_password: password };
    expect((await client.send('POST', '/v1/me/password', { token: person.token, body: change })).status).toBe(204);
    expect((await reset(token, newCredentials().password)).status).toBe(422);
  });

  test('can be asked about a few times', async () => {
    const { username } = newCredentials();
    const statuses = [];
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await forgot(username)).status);
    expect(statuses).toEqual([202, 202, 202, 202, 429]);
  });
});

describe('mail that cannot be delivered', () => {
  test('is tried again where the server has no time', async () => {
    mails.refuseWith = 451;
    const person = await newPerson();
    await ended(api, 'failed', 'verify_email');
    mails.refuseWith = undefined;
    await mails.mailTo(person.email, verifySubject);
  });

  test('is given up where there is no such mailbox', async () => {
    mails.refuseWith = 550;
    await newPerson();
    await ended(api, 'rejected', 'verify_email');
    mails.refuseWith = undefined;
  });
});

test('a server that offers no TLS gets no mail', async () => {
  const plain = new MailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  const environment = { ...serveEnvironment(runningStack()), ...(await plain.listen()) };
  // It would take the mail and deliver it.
  await api.stop();
  const other = await ApiProcess.start(environment);
  try {
    const { username, password } = newCredentials();
    await new Client(other.url).register({ username, password, email: `${username}@example.com` });
    await ended(other, 'failed', 'verify_email');
    expect(plain.received).toEqual([]);
  } finally {
    await Promise.all([other.stop(), plain.close()]);
  }
});
