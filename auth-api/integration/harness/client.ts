import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Speaks to one auth API as an application would. Answers of any status are values. */
export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  register(body: object): Promise<Answer> {
    return this.send('POST', '/v1/users', { body });
  }

  login({ username, password }: Credentials): Promise<Answer<Tokens>> {
    return this.send('POST', '/v1/login', { body: { username, password } });
  }

  refresh(refreshToken: string): Promise<Answer<Tokens>> {
    return this.send('POST', '/v1/refresh', { body: { refresh_token: refreshToken } });
  }

  logout(refreshToken: string): Promise<Answer> {
    return this.send('POST', '/v1/logout', { body: { refresh_token: refreshToken } });
  }

  me(token: string): Promise<Answer> {
    return this.send('GET', '/v1/me', { token });
  }

  verify(token?: string): Promise<Answer> {
    return this.send('GET', '/verify', token === undefined ? {} : { token });
  }

  /** A new account and its first session. Comes again where it is asked to come later; throws where either is refused. */
  async newSession(): Promise<{ credentials: Credentials; tokens: Tokens }> {
    const credentials = newCredentials();
    const registered = await unlessBusy(() => this.register(credentials));
    if (registered.status !== 201) throw new Error(`registration answered ${JSON.stringify(registered.body)}`);
    const { status, body: tokens } = await unlessBusy(() => this.login(credentials));
    if (status !== 200) throw new Error(`the login answered ${JSON.stringify(tokens)}`);
    return { credentials, tokens };
  }

  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { body, token, headers = {} }: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  }
}

/** A busy machine sheds logins before it sheds checks: a client that is told so waits. */
export async function unlessBusy<Body>(ask: () => Promise<Answer<Body>>, tries = 10): Promise<Answer<Body>> {
  const answer = await ask();
  if (answer.status !== 503 || tries === 1) return answer;
  await delay(Number(answer.headers.get('retry-after') ?? 1) * 1000);
  return unlessBusy(ask, tries - 1);
}

export function newCredentials(): Credentials {
  return { username: `user-${randomBytes(6).toString('hex')}`, password: randomBytes(15).toString('base64url') };
}
