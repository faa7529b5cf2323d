import { ProblemError } from './problem.ts';
import { earlyMs, exchanged, type Session, type SessionOptions, type TokenAnswer, unlessAborted } from './session.ts';

interface AccessToken {
  readonly text: string;
  readonly expiresAtMs: number;
}

/**
 * Holds the access token in memory, while the browser holds the refresh token in a cookie that no script can read. A page
 * that was just loaded finds out with its first request whether there is a session.
 */
export function cookieSession({ transport, onSessionEnd, nowMs }: Omit<SessionOptions, 'storage'>): Session {
  let flight: Promise<string | undefined> | undefined;
  let token: AccessToken | undefined;
  /** Not after a logout either, although one that failed leaves the cookie. */
  let mayRefresh = true;
  /** Raised by what begins or ends a session here: a refresh of the one before must not undo it. */
  let generation = 0;

  function keep(answer: TokenAnswer): void {
    token = { text: answer.access_token, expiresAtMs: nowMs() + answer.expires_in * 1000 };
  }

  function become(next: TokenAnswer | undefined): void {
    generation += 1;
    mayRefresh = next !== undefined;
    if (next === undefined) token = undefined;
    else keep(next);
  }

  async function refresh(refused: string | undefined): Promise<string | undefined> {
    if (!mayRefresh || token?.text !== refused) return token?.text;
    const mine = generation;
    try {
      const answer = await exchanged(() => transport({ method: 'POST', path: '/v1/refresh', isRepeatable: true }));
      if (mine === generation) keep(answer);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'invalid-refresh-token') throw error;
      if (mine === generation) {
        const wasOpen = token !== undefined;
        become(undefined);
        if (wasOpen) onSessionEnd();
      }
    }
    return token?.text;
  }

  function renewed(refused: string | undefined, signal?: AbortSignal): Promise<string | undefined> {
    flight ??= refresh(refused).finally(() => {
      flight = undefined;
    });
    return unlessAborted(flight, signal);
  }

  return {
    delivery: { refresh_token_delivery: 'cookie' },
    renewed,
    async accessToken(signal) {
      if (token !== undefined && nowMs() < token.expiresAtMs - earlyMs) return token.text;
      return renewed(token?.text, signal);
    },
    async settled(signal) {
      // The browser takes the cookie of whichever answer is last.
      await unlessAborted(Promise.allSettled([flight]), signal);
    },
    async begin(answer) {
      become(answer);
    },
    async replaceAccessToken(answer) {
      if (token !== undefined) keep(answer);
    },
    async end() {
      become(undefined);
      // In any case: another tab may have got a cookie since, or a logout that failed have left it.
      await transport({ method: 'POST', path: '/v1/logout', isRepeatable: true });
    },
  };
}
