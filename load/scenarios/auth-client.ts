import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { type Endpoint, expectedRefusals, loginSuccess, refreshSuccess, timeouts } from './measurements.ts';
import type { TestUser } from './test-users.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly obtainedAtMs: number;
  /** As the server says. */
  readonly expiresInSeconds: number;
}

/** How long a person would wait; whatever takes longer counts as a time-out. */
const TIMEOUT = '10s';
/** k6's code of a request that ran into its time-out. */
const TIMED_OUT = 1050;

type Answer = RefinedResponse<ResponseType | undefined>;

interface Call {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly accessToken?: string;
  /** Statuses that this call may have; the first is the one hoped for. */
  readonly expected: readonly number[];
}

/** Speaks to the auth API as one user of the test. */
export class AuthClient {
  readonly #baseUrl: string;
  readonly #user: TestUser;

  constructor(baseUrl: string, user: TestUser) {
    this.#baseUrl = baseUrl;
    this.#user = user;
  }

  /** Undefined where the login was refused or failed. `mayBeLimited`: after wrong passwords, a limit is no error. */
  login({ mayBeLimited = false } = {}): Tokens | undefined {
    const { username, password } = this.#user;
    const expected = mayBeLimited ? [200, 429] : [200];
    const answer = this.#send({ ...LOGIN, body: { username, password }, expected });
    if (answer.status !== 429 || !mayBeLimited) loginSuccess.add(answer.status === 200);
    return tokensOf(answer);
  }

  /** A login that must be refused. */
  loginWithWrongPassword(): void {
    const body = { username: this.#user.username, password: `${this.#user.password} not` };
    this.#send({ ...LOGIN, body, expected: [401, 429] });
  }

  refresh({ refreshToken }: Tokens): Tokens | undefined {
    const call = { endpoint: 'refresh', method: 'POST', path: '/v1/refresh', expected: [200] } as const;
    const answer = this.#send({ ...call, body: { refresh_token: refreshToken } });
    refreshSuccess.add(answer.status === 200);
    return tokensOf(answer);
  }

  profile({ accessToken }: Tokens): void {
    this.#send({ endpoint: 'profile', method: 'GET', path: '/v1/me', accessToken, expected: [200] });
  }

  verify({ accessToken }: Tokens): void {
    this.#send({ endpoint: 'verify', method: 'GET', path: '/verify', accessToken, expected: [200] });
  }

  logout({ accessToken, refreshToken }: Tokens): void {
    const body = { refresh_token: refreshToken };
    this.#send({ endpoint: 'logout', method: 'POST', path: '/v1/logout', accessToken, body, expected: [204, 200] });
  }

  #send({ endpoint, method, path, body, accessToken, expected }: Call): Answer {
    const answer = http.request(method, `${this.#baseUrl}${path}`, body === undefined ? null : JSON.stringify(body), {
      headers: {
        'X-Forwarded-For': this.#user.address,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }),
      },
      tags: { name: endpoint },
      timeout: TIMEOUT,
      responseCallback: http.expectedStatuses(...expected),
    });
    timeouts.add(answer.error_code === TIMED_OUT, { name: endpoint });
    if (answer.status >= 400 && expected.includes(answer.status)) expectedRefusals.add(1, { name: endpoint });
    return answer;
  }
}

const LOGIN = { endpoint: 'login', method: 'POST', path: '/v1/login' } as const;

/** RFC 6749 section 5.1. */
function tokensOf(answer: Answer): Tokens | undefined {
  if (answer.status !== 200) return undefined;
  const body = answer.json() as { access_token: string; refresh_token: string; expires_in: number };
  return {
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    expiresInSeconds: body.expires_in,
    obtainedAtMs: Date.now(),
  };
}
