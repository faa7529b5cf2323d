import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import bcrypt from 'bcrypt';
import type { Administrator } from '../run/administrator.ts';
import type { SeedOptions } from '../run/seed-users.ts';

export interface FakeAuthApi {
  readonly url: string;
  /** Requests so far, by method and path, with what came out. */
  readonly answers: ReadonlyMap<string, number>;
  /** Client addresses that were told. */
  readonly addresses: ReadonlySet<string>;
  /** When tokens were refreshed, in milliseconds of Date.now(). */
  readonly refreshTimesMs: readonly number[];
  close(): Promise<void>;
}

export interface FakeAuthApiOptions {
  /** How long a login takes. */
  readonly loginMs?: number;
  readonly accessTokenSeconds?: number;
  /** Every so many-th login is answered 503. */
  readonly refuseEveryLogins?: number;
}

export const ADMINISTRATOR: Administrator = { username: 'root', password: 'of the load test' };

/** For seeding against this API, fast. */
export function seedOptions(api: FakeAuthApi, count: number): SeedOptions {
  return {
    baseUrl: api.url,
    administrator: ADMINISTRATOR,
    passwordSeed: 'test',
    count,
    hashing: { algorithm: 'bcrypt', cost: 4 },
  };
}

interface Reply {
  readonly status: number;
  readonly body?: object;
}

/** As much of the auth API as the scenarios use, in memory: for tests of the scenarios, not of the service. */
export async function startFakeAuthApi(options: FakeAuthApiOptions = {}): Promise<FakeAuthApi> {
  const answers = new Map<string, number>();
  const addresses = new Set<string>();
  const state = new FakeState(options);
  const server = createServer((request, response) => {
    void answer(state, request, response).then((status) => {
      const key = `${request.method} ${request.url?.split('?')[0]} ${status}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      const address = request.headers['x-forwarded-for'];
      if (typeof address === 'string') addresses.add(address);
    });
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    addresses,
    refreshTimesMs: state.refreshTimesMs,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class FakeState {
  readonly options: FakeAuthApiOptions;
  /** Hashes of passwords by user name. */
  readonly users = new Map([[ADMINISTRATOR.username, bcrypt.hashSync(ADMINISTRATOR.password, 4)]]);
  /** What bcrypt said of a hash and a password: users share them. */
  readonly #compared = new Map<string, boolean>();
  readonly accessTokens = new Set<string>();
  readonly refreshTokens = new Set<string>();
  readonly refreshTimesMs: number[] = [];
  logins = 0;

  constructor(options: FakeAuthApiOptions) {
    this.options = options;
  }

  isPasswordOf(username: string, password: string): boolean {
    const hash = this.users.get(username);
    if (hash === undefined) return false;
    const key = `${hash} ${password}`;
    const known = this.#compared.get(key) ?? bcrypt.compareSync(password, hash);
    this.#compared.set(key, known);
    return known;
  }
}

async function answer(state: FakeState, request: IncomingMessage, response: ServerResponse): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const { status, body: reply } = await handle(state, `${request.method} ${request.url?.split('?')[0]}`, text, bearer);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(reply === undefined ? undefined : JSON.stringify(reply));
  return status;
}

async function handle(state: FakeState, route: string, text: string, bearer: string): Promise<Reply> {
  if (route.includes('/v1/admin/users')) return administer(state, route, text, bearer);
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, string>);
  switch (route) {
    case 'POST /v1/login':
      return logIn(state, body);
    case 'POST /v1/refresh':
      if (!state.refreshTokens.delete(body.refresh_token ?? '')) return { status: 401 };
      state.refreshTimesMs.push(Date.now());
      return issueTokens(state);
    case 'POST /v1/logout':
      state.refreshTokens.delete(body.refresh_token ?? '');
      return { status: 204 };
    case 'GET /v1/me':
    case 'GET /verify':
      return state.accessTokens.has(bearer) ? { status: 200, body: {} } : { status: 401 };
    default:
      return { status: 404 };
  }
}

function administer(state: FakeState, route: string, text: string, bearer: string): Reply {
  if (!state.accessTokens.has(bearer)) return { status: 401 };
  if (route === 'POST /v1/admin/users/import') return importUsers(state, text);
  const names = [...state.users.keys()].filter((name) => name.startsWith('load-'));
  if (route === 'GET /v1/admin/users') {
    return { status: 200, body: { items: names.slice(0, 100).map((id) => ({ id })) } };
  }
  return { status: state.users.delete(route.split('/').at(-1) ?? '') ? 204 : 404 };
}

function importUsers(state: FakeState, text: string): Reply {
  const lines = text.trim().split('\n');
  let created = 0;
  for (const line of lines) {
    const { username, password_hash } = JSON.parse(line) as { username: string; password_hash: string };
    if (state.users.has(username)) continue;
    state.users.set(username, password_hash);
    created += 1;
  }
  return { status: 200, body: { created, unchanged: lines.length - created, refused: 0, errors: [] } };
}

async function logIn(state: FakeState, { username = '', password = '' }: Record<string, string>): Promise<Reply> {
  state.logins += 1;
  if (state.options.refuseEveryLogins !== undefined && state.logins % state.options.refuseEveryLogins === 0) {
    return { status: 503 };
  }
  await new Promise((resolve) => setTimeout(resolve, state.options.loginMs ?? 5));
  return state.isPasswordOf(username, password) ? issueTokens(state) : { status: 401 };
}

function issueTokens(state: FakeState): Reply {
  const [access_token, refresh_token] = [randomUUID(), randomUUID()];
  state.accessTokens.add(access_token);
  state.refreshTokens.add(refresh_token);
  const expires_in = state.options.accessTokenSeconds ?? 300;
  return { status: 200, body: { access_token, token_type: 'Bearer', expires_in, refresh_token } };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
