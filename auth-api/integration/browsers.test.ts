import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseSetCookie, type SetCookie } from 'cookie';
import { createAuthClient, ProblemError } from '../../clients/typescript/src/auth-client.ts';
import { ApiProcess } from './harness/api-process.ts';
import { enroll } from './harness/authenticator.ts';
import { type Answer, Client, type Credentials, newCredentials, type Tokens, unlessBusy } from './harness/client.ts';
import { MailFolder } from './harness/mail-folder.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const page = 'https://app.example.com';
const cookieName = '__Host-authcluster-refresh';
const fromPage = { origin: page, 'sec-fetch-site': 'same-site' };

const stack = runningStack();
const mails = new MailFolder();
let pods: [ApiProcess, ApiProcess];
let clients: [Client, Client];
beforeAll(async () => {
  const environment = {
    ...serveEnvironment(stack),
    ...mails.environment,
    BROWSER_ORIGINS: `${page},http://localhost:5173`,
  };
  pods = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
  clients = [new Client(pods[0].url), new Client(pods[1].url)];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

/** The one cookie that an answer sets; undefined where it sets none. */
function setCookie({ headers }: Answer<unknown>): SetCookie | undefined {
  const [cookie, ...more] = headers.getSetCookie();
  expect(more).toEqual([]);
  return cookie === undefined ? undefined : parseSetCookie(cookie);
}

const kept = { name: cookieName, httpOnly: true, secure: true, sameSite: 'strict', path: '/' };
const forgotten = { ...kept, value: '', maxAge: 0 };
const crossSite = { status: 403, body: { type: 'https://authcluster.dev/problems/cross-site-request' } };

/** A page in a browser that keeps what it is given, whichever pod gave it. */
class Page {
  cookie: string | undefined;
  token = '';

  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { body, headers = {}, client = clients[0] }: { body?: object; headers?: object; client?: Client } = {},
  ): Promise<Answer<Body>> {
    const answer = await client.send<Body>(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(this.token === '' ? {} : { token: this.token }),
      headers: { ...fromPage, ...(this.cookie === undefined ? {} : { cookie: this.cookie }), ...headers },
    });
    const cookie = setCookie(answer);
    if (cookie !== undefined) this.cookie = cookie.maxAge === 0 ? undefined : `${cookie.name}=${cookie.value}`;
    return answer;
  }

  async logIn({ username, password }: Credentials): Promise<Answer<Tokens>> {
    const body = { username, password, refresh_token_delivery: 'cookie' };
    const answer = await unlessBusy(() => this.send<Tokens>('POST', '/v1/login', { body }));
    this.token = answer.body.access_token ?? '';
    return answer;
  }

  async refresh(client = clients[0]): Promise<Answer<Tokens>> {
    const answer = await this.send<Tokens>('POST', '/v1/refresh', { client });
    if (answer.status === 200) this.token = answer.body.access_token;
    return answer;
  }
}

async function newUser(more: object = {}): Promise<Credentials> {
  const credentials = newCredentials();
  const registered = await unlessBusy(() => clients[0].register({ ...credentials, ...more }));
  expect(registered.status).toBe(201);
  return credentials;
}

async function newPage(credentials?: Credentials): Promise<Page> {
  const browser = new Page();
  expect((await browser.logIn(credentials ?? (await newUser()))).status).toBe(200);
  return browser;
}

const refreshWith = (cookie: string | undefined, headers: object = fromPage, client = clients[0]) =>
  client.send<Tokens>('POST', '/v1/refresh', { headers: { ...(cookie === undefined ? {} : { cookie }), ...headers } });

describe('a page that logs in', () => {
  test('gets the refresh token in a cookie alone, and the access token in the body', async () => {
    const answer = await new Page().logIn(await newUser());
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 });
    expect(setCookie(answer)).toMatchObject({ ...kept, maxAge: 2_592_000 });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('with a second factor gets it so, too', async () => {
    const credentials = await newUser();
    const browser = await newPage(credentials);
    const { authenticator } = await enroll(clients[0], browser.token);
    const again = new Page();
    const begun = (await again.logIn(credentials)) as unknown as Answer<{ mfa_token: string }>;
    expect([begun.status, setCookie(begun)]).toEqual([403, undefined]);
    const body = {
      mfa_token: begun.body.mfa_token,
      code: await authenticator.nextCode(),
      refresh_token_delivery: 'cookie',
    };
    const refused = await again.send('POST', '/v1/login/mfa', {
      body,
      headers: { origin: 'https://evil.example.net' },
    });
    expect(refused).toMatchObject(crossSite);
    const answer = await again.send('POST', '/v1/login/mfa', { body });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(setCookie(answer)).toMatchObject(kept);
    expect((await again.refresh()).status).toBe(200);
  });

  test('goes on after a reload, from nothing but the cookie', async () => {
    const browser = await newPage();
    const before = browser.cookie;
    const answer = await browser.refresh();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 });
    expect(browser.cookie).not.toBe(before);
    expect((await clients[1].verify(browser.token)).status).toBe(200);
  });

  test('in many tabs refreshes in all of them at once, on whichever pod', async () => {
    const browser = await newPage();
    const { cookie } = browser;
    const tabs = Array.from({ length: 12 }, (_, index) =>
      refreshWith(cookie, fromPage, clients[index % 2 === 0 ? 0 : 1]),
    );
    const answers = await Promise.all(tabs);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => setCookie(answer)?.value)).size).toBe(1);
    expect((await refreshWith(`${cookieName}=${setCookie(answers[0] as Answer<Tokens>)?.value}`)).status).toBe(200);
  });

  test('loses its session where somebody uses its cookie later', async () => {
    const browser = await newPage();
    const stolen = browser.cookie;
    await browser.refresh();
    await browser.refresh();
    const thief = await refreshWith(stolen);
    expect([thief.status, setCookie(thief)]).toEqual([401, expect.objectContaining(forgotten)]);
    expect((await browser.refresh()).status).toBe(401);
    expect(browser.cookie).toBeUndefined();
  });
});

describe('the cookie is forgotten with its session', () => {
  test('by logout', async () => {
    const browser = await newPage();
    const { cookie } = browser;
    const answer = await browser.send('POST', '/v1/logout');
    expect([answer.status, setCookie(answer)]).toEqual([204, expect.objectContaining(forgotten)]);
    expect((await refreshWith(cookie)).status).toBe(401);
    expect((await clients[0].verify(browser.token)).status).toBe(401);
    expect((await browser.send('POST', '/v1/logout')).status).toBe(204);
  });

  test.each(['/v1/sessions', '/v1/sessions/{id}'])('by DELETE %s', async (path) => {
    const browser = await newPage();
    const { body } = await browser.send<{ items: { id: string }[] }>('GET', '/v1/sessions');
    const answer = await browser.send('DELETE', path.replace('{id}', body.items[0]?.id ?? ''));
    expect([answer.status, setCookie(answer)]).toEqual([204, expect.objectContaining(forgotten)]);
  });

  test('but not with another one', async () => {
    const credentials = await newUser();
    const [browser, other] = [await newPage(credentials), await newPage(credentials)];
    const { body } = await other.send<{ items: { id: string; is_current: boolean }[] }>('GET', '/v1/sessions');
    const mine = body.items.find(({ is_current: isCurrent }) => isCurrent)?.id;
    const answer = await browser.send('DELETE', `/v1/sessions/${mine}`);
    expect([answer.status, setCookie(answer)]).toEqual([204, undefined]);
    expect((await browser.refresh()).status).toBe(200);
    expect((await other.refresh()).status).toBe(401);
    expect(other.cookie).toBeUndefined();
  });

  test('by the deletion of the account', async () => {
    const credentials = await newUser();
    const browser = await newPage(credentials);
    const body = { password: credentials.password };
    const answer = await unlessBusy(() => browser.send('DELETE', '/v1/me', { body }));
    expect([answer.status, setCookie(answer)]).toEqual([204, expect.objectContaining(forgotten)]);
  });

  test('by a reset of the password, which ends every session', async () => {
    const email = `${newCredentials().username}@example.com`;
    const credentials = await newUser({ email });
    const browser = await newPage(credentials);
    const { username } = credentials;
    const verification = { token: await mails.tokenTo(email, 'verify_email', username) };
    expect((await browser.send('POST', '/v1/me/email/verification/confirm', { body: verification })).status).toBe(204);
    await browser.send('POST', '/v1/password-reset', { body: { identifier: username } });
    const token = await mails.tokenTo(email, 'reset_password', username);
    const body = { token, new_password: newCredentials().password };
    const answer = await unlessBusy(() => browser.send('POST', '/v1/password-reset/confirm', { body }));
    expect([answer.status, setCookie(answer)]).toEqual([204, expect.objectContaining(forgotten)]);
  });

  test('and stays with one that a change of the password leaves', async () => {
    const credentials = await newUser();
    const [browser, other] = [await newPage(credentials), await newPage(credentials)];
    const body = { current_password: credentials.password, new_password: newCredentials().password };
    const answer = await unlessBusy(() => browser.send('POST', '/v1/me/password', { body }));
    expect([answer.status, setCookie(answer)]).toEqual([204, undefined]);
    expect((await browser.refresh()).status).toBe(200);
    expect((await other.refresh()).status).toBe(401);
  });
});

describe('a request that no page of ours has sent', () => {
  const foreign: [string, object][] = [
    ['from another site', { origin: 'https://evil.example.net', 'sec-fetch-site': 'cross-site' }],
    ['from another site, of an allowed origin', { origin: page, 'sec-fetch-site': 'cross-site' }],
    ['from a neighbour on the same site', { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-site' }],
    ['with null for an origin', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['that says of no origin', { 'sec-fetch-site': 'same-origin' }],
    ['that says nothing of where it is from', {}],
  ];

  test.each(foreign)('%s: neither refreshes nor logs out, and uses nothing up', async (_, headers) => {
    const { cookie, token } = await newPage();
    expect(await refreshWith(cookie, headers)).toMatchObject(crossSite);
    const withCookie = { headers: { ...headers, cookie: cookie ?? '' } };
    expect(await clients[0].send('POST', '/v1/logout', withCookie)).toMatchObject(crossSite);
    // Nor does a token of somebody else make the cookie count.
    const both = await clients[0].send('POST', '/v1/refresh', { ...withCookie, token });
    expect(both).toMatchObject(crossSite);
    expect((await clients[0].verify(token)).status).toBe(200);
    expect((await refreshWith(cookie)).status).toBe(200);
  });

  test.each(foreign)('%s: gets no cookie, not even with the right password', async (_, headers) => {
    const { username, password } = await newUser();
    const body = { username, password, refresh_token_delivery: 'cookie' };
    const answer = await clients[0].send('POST', '/v1/login', { body, headers: { ...headers } });
    expect(answer).toMatchObject(crossSite);
    expect(setCookie(answer)).toBeUndefined();
  });

  test('cannot be a form, which a browser sends without asking before', async () => {
    const { cookie = '' } = await newPage();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const headers = { ...fromPage, cookie, 'content-type': type };
      expect((await clients[0].send('POST', '/v1/refresh', { body: '{}', headers })).status).toBe(415);
    }
  });
});

describe('the cookie stands for the refresh token and for nothing else', () => {
  test('it opens no route that wants an access token', async () => {
    const { cookie = '' } = await newPage();
    const headers = { ...fromPage, cookie };
    for (const [method, path] of [
      ['GET', '/v1/me'],
      ['DELETE', '/v1/sessions'],
      ['GET', '/verify'],
    ] as const) {
      expect((await clients[0].send(method, path, { headers })).status).toBe(401);
    }
  });

  test('beside the access token of somebody else, the token counts', async () => {
    const { cookie = '' } = await newPage();
    const { credentials, tokens } = await clients[0].newSession();
    const headers = { ...fromPage, cookie };
    const { body } = await clients[0].send('GET', '/v1/me', { headers, token: tokens.access_token });
    expect(body).toMatchObject({ username: credentials.username });
    const ended = await clients[0].send('DELETE', '/v1/sessions', { headers, token: tokens.access_token });
    expect([ended.status, setCookie(ended)]).toEqual([204, undefined]);
    expect((await refreshWith(cookie)).status).toBe(200);
  });

  test('beside a refresh token in the body, that one counts, and its successor is in the body', async () => {
    const { cookie = '' } = await newPage();
    const { tokens } = await clients[0].newSession();
    const body = { refresh_token: tokens.refresh_token };
    const answer = await clients[0].send('POST', '/v1/refresh', { body, headers: { ...fromPage, cookie } });
    expect([answer.status, setCookie(answer)]).toEqual([200, undefined]);
    expect(answer.body).toHaveProperty('refresh_token');
    expect((await refreshWith(cookie)).status).toBe(200);
  });

  test.each([
    ['changed', (token: string) => `${cookieName}=${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`],
    ['cut off', (token: string) => `${cookieName}=${token.slice(0, -1)}`],
    ['under a name that any host may set', (token: string) => `authcluster-refresh=${token}`],
    ['of broken escapes', (token: string) => `${cookieName}=%E0%A4%A${token}`],
    ['too long', (token: string) => `${cookieName}=${token.repeat(20)}`],
    ['empty', () => `${cookieName}=`],
  ])('%s, it is refused and forgotten', async (_, tampered) => {
    const browser = await newPage();
    const [, token = ''] = browser.cookie?.split('=') ?? [];
    const answer = await refreshWith(tampered(token));
    expect([answer.status, setCookie(answer)]).toEqual([401, expect.objectContaining(forgotten)]);
    expect((await browser.refresh()).status).toBe(200);
  });

  test('a page that never logged in is told so', async () => {
    expect(await refreshWith(undefined)).toMatchObject({
      status: 401,
      body: { type: 'https://authcluster.dev/problems/invalid-refresh-token' },
    });
  });

  test('it stands in no log and in no table', async () => {
    const browser = await newPage();
    await browser.refresh();
    const [, token = '?'] = browser.cookie?.split('=') ?? [];
    expect(pods.flatMap(({ log }) => log).join('\n')).not.toContain(token);
    const superuser = await connect(stack.primaryPort, 'postgres');
    const { rows } = await superuser.query('SELECT t::text AS text FROM auth.refresh_tokens t');
    await superuser.end();
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('pages', () => {
  const preflight = (path: string, origin: string) => {
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    return clients[0].send('OPTIONS', path, { headers });
  };
  const ofCors = ({ headers }: Answer) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

  test.each(['/v1/login', '/v1/me', '/v1/admin/users', '/nowhere'])('of an allowed origin may ask %s', async (path) => {
    const before = await preflight(path, page);
    expect([before.status, before.headers.get('access-control-allow-origin')]).toEqual([204, page]);
    const answer = await clients[0].send('POST', path, { body: {}, headers: { origin: page } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  });

  test.each(['https://evil.example.net', 'https://evil.example.com', 'null'])('of %s may not', async (origin) => {
    const before = await preflight('/v1/login', origin);
    expect([before.status, ofCors(before)]).toEqual([405, []]);
    const answer = await clients[0].send('POST', '/v1/login', { body: newCredentials(), headers: { origin } });
    expect(ofCors(answer)).toEqual([]);
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  test('have no business with what is for services and for the cluster', async () => {
    // A proxy lets a request pass to which /verify answers 2xx.
    expect((await preflight('/verify', page)).status).toBe(401);
    for (const path of ['/verify', '/oauth/introspect']) expect(ofCors(await preflight(path, page))).toEqual([]);
    const ops = new Client(pods[0].opsUrl);
    for (const path of ['/metrics', '/readyz']) {
      expect(ofCors(await ops.send('GET', path, { headers: { origin: page } }))).toEqual([]);
    }
  });
});

/** What pages have of a browser: fetch, with a cookie that goes along where it is asked for. */
function browserFetch(): typeof fetch {
  let cookie: string | undefined;
  return async (input, { credentials, headers, ...init } = {}) => {
    const sent = new Headers({ ...fromPage, ...(headers as Record<string, string> | undefined) });
    if (credentials === 'include' && cookie !== undefined) sent.set('cookie', cookie);
    const answer = await fetch(input, { ...init, headers: sent });
    for (const each of credentials === 'include' ? answer.headers.getSetCookie() : []) {
      const { name, value, maxAge } = parseSetCookie(each);
      cookie = maxAge === 0 ? undefined : `${name}=${value}`;
    }
    return answer;
  };
}

test('the module of the guide logs in, goes on after a reload, and logs out', async () => {
  const guide = readFileSync(new URL('../../docs/how-to/use-from-a-browser.md', import.meta.url), 'utf8');
  const [, source = ''] = /```js\n(\/\/ session\.js\n[\s\S]+?)```/.exec(guide) ?? [];
  const code = source.replaceAll('export ', '').replace('https://auth.example.com', clients[0].url);
  const load = new Function('fetch', `${code}; return { logIn, refresh, logOut, ask };`);
  const browser = browserFetch();
  const { username, password } = await newUser();
  expect((await unlessBusy<Tokens>(() => load(browser).logIn(username, password))).status).toBe(200);
  const reloaded = load(browser);
  const tabs = await Promise.all([
    reloaded.ask(`${clients[1].url}/v1/me`),
    load(browser).ask(`${clients[0].url}/v1/me`),
  ]);
  expect(await Promise.all(tabs.map((tab) => tab.json()))).toEqual(
    Array(2).fill(expect.objectContaining({ username })),
  );
  expect((await reloaded.logOut()).status).toBe(204);
  expect((await reloaded.ask(`${clients[0].url}/v1/me`)).status).toBe(401);
});

describe('a service that allows no origins', () => {
  let closed: ApiProcess;
  beforeAll(async () => {
    closed = await ApiProcess.start(serveEnvironment(stack));
  });
  afterAll(() => closed?.stop());

  test('gives and takes no cookie, and tells pages nothing', async () => {
    const client = new Client(closed.url);
    const { username, password } = await newUser();
    const asked = { body: { username, password, refresh_token_delivery: 'cookie' }, headers: fromPage };
    const login = await client.send('POST', '/v1/login', asked);
    expect(login).toMatchObject({ status: 422, body: { errors: [{ pointer: '/refresh_token_delivery' }] } });
    const { cookie } = await newPage();
    const refreshed = await refreshWith(cookie, fromPage, client);
    expect(refreshed).toMatchObject({ status: 422, body: { errors: [{ pointer: '/refresh_token' }] } });
    expect(refreshed.headers.has('access-control-allow-origin')).toBe(false);
    expect(refreshed.headers.has('vary')).toBe(false);
    expect((await refreshWith(cookie)).status).toBe(200);
  });
});

test('an origin that is none stops the start, and is named', async () => {
  const environment = { ...serveEnvironment(stack), BROWSER_ORIGINS: 'https://*.example.com' };
  await expect(ApiProcess.start(environment)).rejects.toThrow(/BROWSER_ORIGINS must list origins/);
});

describe('the TypeScript client with cookies', () => {
  /** A browser's part: it keeps the cookie, sends it where that is asked for, and shows it to no script. */
  function browserFetch() {
    const jar: { cookie?: string } = {};
    const seen: string[] = [];
    const send: typeof fetch = async (input, init = {}) => {
      const headers = new Headers(init.headers);
      for (const [name, value] of Object.entries(fromPage)) headers.set(name, value);
      if (init.credentials === 'include' && jar.cookie !== undefined) headers.set('cookie', jar.cookie);
      const answer = await fetch(input, { ...init, headers });
      const [cookie] = answer.headers.getSetCookie().map((each) => parseSetCookie(each));
      if (cookie !== undefined) {
        if (cookie.maxAge === 0) delete jar.cookie;
        else jar.cookie = `${cookie.name}=${cookie.value}`;
      }
      seen.push(await answer.clone().text());
      return answer;
    };
    const newClient = () => createAuthClient({ baseUrl: clients[0].url, fetch: send, cookies: true, attempts: 10 });
    return { jar, seen, newClient };
  }

  async function logIn(client: ReturnType<typeof createAuthClient>, credentials: Credentials) {
    for (let turn = 1; ; turn += 1) {
      try {
        return await client.login(credentials);
      } catch (error) {
        const isBusy = error instanceof ProblemError && error.status === 503 && turn < 10;
        if (!isBusy) throw error;
        await delay((error.retryAfterSeconds ?? 1) * 1000);
      }
    }
  }

  test('logs in, goes on after the page was loaded anew, and logs out; no script sees a refresh token', async () => {
    const { jar, seen, newClient } = browserFetch();
    const credentials = await newUser();
    const client = newClient();
    expect(await logIn(client, credentials)).toEqual({ kind: 'loggedIn' });
    expect(await client.me()).toMatchObject({ username: credentials.username });
    const reloaded = newClient();
    expect(await reloaded.me()).toMatchObject({ username: credentials.username });
    await reloaded.logout();
    expect(jar.cookie).toBeUndefined();
    expect(await newClient().accessToken()).toBeUndefined();
    expect(seen.filter((text) => text.includes('refresh_token"'))).toEqual([]);
  });

  test('completes a login with a second factor', async () => {
    const { jar, newClient } = browserFetch();
    const credentials = await newUser();
    const { body } = await unlessBusy(() => clients[0].login(credentials));
    const { authenticator } = await enroll(clients[0], body.access_token);
    const client = newClient();
    const outcome = await logIn(client, credentials);
    if (outcome.kind !== 'secondFactorNeeded') throw new Error('the second factor was not asked for');
    await outcome.complete(await authenticator.nextCode());
    expect(await client.me()).toMatchObject({ username: credentials.username });
    expect(jar.cookie).toMatch(cookieName);
  });
});
