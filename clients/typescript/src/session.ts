import type { components } from './generated/openapi.ts';
import { ProblemError } from './problem.ts';
import type { TokenStorage, Tokens } from './token-storage.ts';
import type { Transport } from './transport.ts';

/** Without a refresh token where that went into a cookie. */
export type TokenAnswer = components['schemas']['TokenResponse'];

/** How a client holds its session: by tokenSession, or by cookieSession. */
export interface Session {
  /** For the body of what opens a session: where its refresh token goes. */
  readonly delivery: Pick<components['schemas']['LoginRequest'], 'refresh_token_delivery'>;
  /** For the next request; undefined where there is no session. */
  accessToken(signal?: AbortSignal): Promise<string | undefined>;
  /** Another access token than one that was refused; undefined where the session has ended. */
  renewed(refused: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Before another session is opened: no answer is on its way that could undo it. */
  settled(signal?: AbortSignal): Promise<void>;
  begin(answer: TokenAnswer): Promise<void>;
  /** A step-up gives the session another access token. */
  replaceAccessToken(answer: Omit<TokenAnswer, 'refresh_token'>): Promise<void>;
  end(): Promise<void>;
}

export interface SessionOptions {
  readonly storage: TokenStorage;
  readonly transport: Transport;
  /** The service has ended the session: whoever uses the application has to log in anew. */
  readonly onSessionEnd: () => void;
  readonly nowMs: () => number;
}

/** So long before its end an access token is not sent any more: it has a way to go. */
export const earlyMs = 1000;

/** Holds both tokens in a storage. However many requests find their access token refused, one refresh is made. */
export function tokenSession({ storage, transport, onSessionEnd, nowMs }: SessionOptions): Session {
  let flight: Promise<string | undefined> | undefined;

  const expiry = (seconds: number) => nowMs() + seconds * 1000;
  const tokensOf = (answer: TokenAnswer): Tokens => ({
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? '',
    expiresAtMs: expiry(answer.expires_in),
  });

  /** Only of the session that was asked for: another may have begun since, or this one been ended here. */
  async function saveIfStill(refreshToken: string, next: Tokens | undefined): Promise<boolean> {
    const isStill = (await storage.load())?.refreshToken === refreshToken;
    if (isStill) await storage.save(next);
    return isStill;
  }

  async function refresh(refused: string): Promise<string | undefined> {
    const tokens = await storage.load();
    if (tokens === undefined) return undefined;
    // Somebody has refreshed while the request was on its way.
    if (tokens.accessToken !== refused) return tokens.accessToken;
    try {
      const next = tokensOf(await exchange(tokens.refreshToken, transport));
      const isStill = await saveIfStill(tokens.refreshToken, next);
      return isStill ? next.accessToken : (await storage.load())?.accessToken;
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'invalid-refresh-token') throw error;
      if (await saveIfStill(tokens.refreshToken, undefined)) onSessionEnd();
      return undefined;
    }
  }

  function renewed(refused: string, signal?: AbortSignal): Promise<string | undefined> {
    flight ??= refresh(refused).finally(() => {
      flight = undefined;
    });
    return unlessAborted(flight, signal);
  }

  return {
    delivery: {},
    renewed,
    async accessToken(signal) {
      const tokens = await storage.load();
      if (tokens === undefined || nowMs() < tokens.expiresAtMs - earlyMs) return tokens?.accessToken;
      return renewed(tokens.accessToken, signal);
    },
    async settled() {
      // A late answer finds another refresh token in the storage, and saves nothing.
    },
    async begin(answer) {
      await storage.save(tokensOf(answer));
    },
    async replaceAccessToken(answer) {
      const tokens = await storage.load();
      if (tokens === undefined) return;
      await storage.save({ ...tokens, accessToken: answer.access_token, expiresAtMs: expiry(answer.expires_in) });
    },
    async end() {
      const tokens = await storage.load();
      await storage.save(undefined);
      if (tokens !== undefined) await withRefreshToken('/v1/logout', tokens.refreshToken, transport);
    },
  };
}

function exchange(refreshToken: string, transport: Transport): Promise<TokenAnswer> {
  return exchanged(() => withRefreshToken('/v1/refresh', refreshToken, transport));
}

/** An answer that is lost is asked for again: for some seconds the service gives the same successor to the same token. */
export async function exchanged(ask: () => Promise<Response>): Promise<TokenAnswer> {
  const response = await ask().catch((error: unknown) => {
    if (error instanceof ProblemError) throw error;
    return ask();
  });
  return (await response.json()) as TokenAnswer;
}

function withRefreshToken(path: string, refreshToken: string, transport: Transport): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ refresh_token: refreshToken });
  return transport({ method: 'POST', path, headers, body, isRepeatable: true });
}

/** The refresh is everybody's: who gives up leaves it to the others. */
export function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
