import { randomBytes } from 'node:crypto';

export interface Credentials {
  username: string;
  password: string;
}

/** RFC 6749 section 5.1. */
export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Speaks to the auth API as an application does. Answers of any status are values; only a broken connection rejects. */
export class AuthClient {
  readonly #url: () => string;
  readonly #fetch: Fetch;

  /** The URL without a slash at its end, or where to ask for it at each request; and who sends it, if not this machine. */
  constructor(url: string | (() => string), send: Fetch = fetch) {
    this.#url = typeof url === 'string' ? () => url : url;
    this.#fetch = send;
  }

  get url(): string {
    return this.#url();
  }

  register(credentials: Credentials): Promise<Answer> {
    return this.#send('POST', '/v1/users', { body: credentials });
  }

  login({ username, password }: Credentials): Promise<Answer> {
    return this.#send('POST', '/v1/login', { body: { username, password } });
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.#send('POST', '/v1/refresh', { body: { refresh_token: refreshToken } });
  }

  logout({ access_token, refresh_token }: Tokens): Promise<Answer> {
    return this.#send('POST', '/v1/logout', { token: access_token, body: { refresh_token } });
  }

  me(accessToken: string): Promise<Answer> {
    return this.#send('GET', '/v1/me', { token: accessToken });
  }

  sessions(accessToken: string): Promise<Answer> {
    return this.#send('GET', '/v1/sessions', { token: accessToken });
  }

  verify(accessToken?: string): Promise<Answer> {
    return this.#send('GET', '/verify', accessToken === undefined ? {} : { token: accessToken });
  }

  async #send(method: string, path: string, { body, token }: { body?: object; token?: string }): Promise<Answer> {
    const answer = await this.#fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : parseJson(text) };
  }
}

/** A proxy's error page is no JSON, and is worth showing as it is. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function randomCredentials(): Credentials {
  return { username: `user-${randomBytes(5).toString('hex')}`, password: randomBytes(15).toString('base64url') };
}

/** Registers a new user and logs it in. Rejects with the answer if either is refused. */
export async function loggedInUser(client: AuthClient): Promise<{ credentials: Credentials; tokens: Tokens }> {
  const credentials = randomCredentials();
  const registered = await client.register(credentials);
  if (registered.status !== 201) throw new Error(`POST /v1/users answered ${describeAnswer(registered)}`);
  return { credentials, tokens: await logIn(client, credentials) };
}

/** Rejects with the answer if it is refused. */
export async function logIn(client: AuthClient, credentials: Credentials): Promise<Tokens> {
  const answer = await client.login(credentials);
  if (answer.status !== 200) throw new Error(`POST /v1/login answered ${describeAnswer(answer)}`);
  return answer.body as Tokens;
}

/** What a load counts as a failure: any answer but 200, with the problem that it told. */
export function failureOf(request: string, answer: Answer): string | undefined {
  return answer.status === 200 ? undefined : `${request} answered ${describeAnswer(answer)}`;
}

function describeAnswer({ status, body }: Answer): string {
  return `${status} ${JSON.stringify(body)}`;
}
