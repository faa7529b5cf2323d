import { cookieSession } from './cookie-session.ts';
import type { components } from './generated/openapi.ts';
import { type Credentials, type LoginOutcome, logIn } from './login.ts';
import type { AnswerOf, CallOptions, Method, OperationOf, PathOf, RequestArguments } from './operations.ts';
import { answerOf, type LooseOptions, outgoing, sendInSession } from './request.ts';
import { tokenSession } from './session.ts';
import { memoryStorage, type TokenStorage } from './token-storage.ts';
import { createTransport } from './transport.ts';

export type { components, operations, paths } from './generated/openapi.ts';
export type {
  Completion,
  Credentials,
  Enrollment,
  LoginOutcome,
  PasswordChangeNeeded,
  SecondFactorNeeded,
} from './login.ts';
export type { Answer, CallOptions } from './operations.ts';
export { type Fault, ProblemError } from './problem.ts';
export { memoryStorage, type TokenStorage, type Tokens } from './token-storage.ts';

/** An account, as the service shows it to its holder. */
export type User = components['schemas']['User'];

export interface AuthClientOptions {
  /** Where clients reach the gateway, `https://auth.example.com` say; a path may follow. */
  readonly baseUrl: string;
  /** Sends each request. By default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Where tokens are kept between requests. By default in memory; not to be given together with `cookies`. */
  readonly storage?: TokenStorage;
  /**
   * For pages: the browser keeps the refresh token, in a cookie that no script can read, and no storage has it. The page's
   * origin must be one that the service allows.
   */
  readonly cookies?: boolean;
  /** The service has ended the session, by expiry or from elsewhere: it is time to log in anew. */
  readonly onSessionEnd?: () => void;
  /** How long one attempt may take, its answer's body included, in milliseconds. By default 15,000. */
  readonly timeoutMs?: number;
  /** How often in all a call is tried that is safe to repeat. By default 3. */
  readonly attempts?: number;
  /**
   * The longest `Retry-After` that is waited for, in milliseconds: a call that is told to come back later than that
   * rejects at once. By default 10,000.
   */
  readonly longestWaitMs?: number;
}

/** Every call rejects with a ProblemError where the service refuses, and with what fetch throws where there is none. */
export interface AuthClient {
  /** Opens a session, or says what is still needed for one. A wrong name or password rejects with `invalid-credentials`. */
  login(credentials: Credentials, options?: CallOptions): Promise<LoginOutcome>;
  /** Forgets the session here, and ends it at the service. Where that cannot be told it rejects; here it is over all the same. */
  logout(): Promise<void>;
  /** The account that is logged in. */
  me(options?: CallOptions): Promise<User>;
  /** Proves anew who holds the session, before repeating a call that was refused with `step-up-needed`. */
  stepUp(proof: components['schemas']['StepUpRequest'], options?: CallOptions): Promise<void>;
  /** The access token, to be sent to another service; refreshed where it is about to expire. Undefined where nobody is logged in. */
  accessToken(options?: Pick<CallOptions, 'signal'>): Promise<string | undefined>;
  /** Another access token, where a service has refused the one it was given; all who ask at once share one refresh. */
  refresh(refused: string, options?: Pick<CallOptions, 'signal'>): Promise<string | undefined>;
  /** Any operation of `/v1`, typed by the OpenAPI document. */
  request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...options: RequestArguments<OperationOf<M, P>>
  ): Promise<AnswerOf<OperationOf<M, P>>>;
}

/**
 * A client of one session. Nothing is sent before the first call. Throws a RangeError where both `cookies` and `storage`
 * are given: with cookies there is nothing to store.
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const { baseUrl, storage = memoryStorage(), cookies = false, onSessionEnd = () => {} } = options;
  const { timeoutMs = 15_000, attempts = 3, longestWaitMs = 10_000 } = options;
  // Looked up for each call: what replaces the global one later, for tests or traces, counts.
  const send: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const transport = createTransport({ baseUrl, fetch: send, timeoutMs, attempts, longestWaitMs, withCookies: cookies });
  if (cookies && options.storage !== undefined) throw new RangeError('with cookies there is nothing to store');
  const common = { transport, onSessionEnd, nowMs: Date.now };
  const session = cookies ? cookieSession(common) : tokenSession({ ...common, storage });

  async function call<Body>(method: Method, path: string, loose: LooseOptions) {
    return answerOf<Body>(await sendInSession(outgoing(method, path, loose), session, transport));
  }

  return {
    login: (credentials, callOptions = {}) => logIn(credentials, callOptions, session, transport),
    logout: () => session.end(),
    me: async (callOptions = {}) => (await call<User>('GET', '/v1/me', callOptions)).body,
    stepUp: async (proof, callOptions = {}) => {
      const stepUp = { ...callOptions, body: { ...proof } };
      const { body } = await call<components['schemas']['StepUpResponse']>('POST', '/v1/step-up', stepUp);
      await session.replaceAccessToken(body);
    },
    accessToken: ({ signal } = {}) => session.accessToken(signal),
    refresh: (refused, { signal } = {}) => session.renewed(refused, signal),
    request: async <M extends Method, P extends PathOf<M>>(
      method: M,
      path: P,
      ...[loose]: RequestArguments<OperationOf<M, P>>
    ) => (await call(method, path, (loose ?? {}) as LooseOptions)) as AnswerOf<OperationOf<M, P>>,
  };
}
