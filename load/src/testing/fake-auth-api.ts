import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

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
      const key = `${request.method} ${request.url} ${status}`;
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
  readonly users = new Map<string, string>();
  readonly accessTokens = new Set<string>();
  readonly refreshTokens = new Set<string>();
  readonly refreshTimesMs: number[] = [];
  logins = 0;

  constructor(options: FakeAuthApiOptions) {
    this.options = options;
  }
}

async function answer(state: FakeState, request: IncomingMessage, response: ServerResponse): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>);
  const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const { status, body: reply } = await handle(state, `${request.method} ${request.url}`, body, bearer);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(reply === undefined ? undefined : JSON.stringify(reply));
  return status;
}

async function handle(state: FakeState, route: string, body: Record<string, string>, bearer: string): Promise<Reply> {
  switch (route) {
    case 'POST /v1/users':
      return register(state, body);
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

function register(state: FakeState, { username = '', password = '' }: Record<string, string>): Reply {
  if (state.users.has(username)) return { status: 409 };
  state.users.set(username, digest(password));
  return { status: 201, body: { username } };
}

async function logIn(state: FakeState, { username = '', password = '' }: Record<string, string>): Promise<Reply> {
  state.logins += 1;
  if (state.options.refuseEveryLogins !== undefined && state.logins % state.options.refuseEveryLogins === 0) {
    return { status: 503 };
  }
  await new Promise((resolve) => setTimeout(resolve, state.options.loginMs ?? 5));
  return state.users.get(username) === digest(password) ? issueTokens(state) : { status: 401 };
}

function issueTokens(state: FakeState): Reply {
  const [access_token, refresh_token] = [randomUUID(), randomUUID()];
  state.accessTokens.add(access_token);
  state.refreshTokens.add(refresh_token);
  const expires_in = state.options.accessTokenSeconds ?? 300;
  return { status: 200, body: { access_token, token_type: 'Bearer', expires_in, refresh_token } };
}

function digest(password: string): string {
  return createHash('sha256').update(password).digest('hex');
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
