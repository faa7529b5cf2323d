import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readableRefreshTokens, sessions } from '../testing/fakes.ts';
import type { RefreshTokenState, SessionStore } from './ports/sessions.ts';
import { graceSeconds, type RefreshPorts, refresh } from './refresh.ts';

/** The tables of one session, in memory. */
class SessionTable {
  isLive = true;
  nowSeconds = 0;
  readonly #tokens = new Map<string, { usedAtSeconds: number | null; successor: string | null }>();

  insert(hash: string): void {
    this.#tokens.set(hash, { usedAtSeconds: null, successor: null });
  }

  store(): SessionStore {
    const session = { sessionId: 's', userId: 'u', roles: [], authenticatedAtSeconds: 7, hasSecondFactor: false };
    return sessions({
      exchangeRefreshToken: async ({ presentedHash, successorHash }) => {
        const token = this.#tokens.get(String(presentedHash));
        if (!this.isLive || token === undefined || token.usedAtSeconds !== null) return undefined;
        token.usedAtSeconds = this.nowSeconds;
        token.successor = String(successorHash);
        this.insert(token.successor);
        return session;
      },
      findRefreshToken: async (hash): Promise<RefreshTokenState | undefined> => {
        const token = this.#tokens.get(String(hash));
        if (token === undefined) return undefined;
        const { usedAtSeconds, successor } = token;
        return {
          ...session,
          isSessionLive: this.isLive,
          usedSecondsAgo: usedAtSeconds === null ? null : this.nowSeconds - usedAtSeconds,
          successorHash: successor === null ? null : Buffer.from(successor),
          isSuccessorUsed: successor !== null && this.#tokens.get(successor)?.usedAtSeconds !== null,
        };
      },
      end: async () => {
        this.isLive = false;
        return true;
      },
    });
  }
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('present' as const),
      back: fc.nat(3),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 40 }) }) },
);

test('whatever is presented when, there is one chain of tokens, and reuse ends it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const table = new SessionTable();
      const ports: RefreshPorts = {
        sessions: table.store(),
        refreshTokens: readableRefreshTokens,
        accessTokens: { sign: () => 'access', verify: () => undefined },
        clock: { nowMs: () => table.nowSeconds * 1000 },
        lifetimes: { accessSeconds: 300, refreshSeconds: 3600 },
      };
      const chain = ['t'];
      const usedAtSeconds: number[] = [];
      table.insert('hash of t');
      for (const taken of steps) {
        if (taken.kind === 'pass') {
          table.nowSeconds += taken.seconds;
          continue;
        }
        const index = Math.max(0, chain.length - 1 - taken.back);
        const presented = chain[index] ?? '';
        const usedAt = usedAtSeconds[index];
        const isRetry = usedAtSeconds[index + 1] === undefined;
        const allowed =
          table.isLive && (usedAt === undefined || (isRetry && table.nowSeconds - usedAt <= graceSeconds));
        const outcomes = await Promise.all(Array.from({ length: taken.times }, () => refresh(presented, ports)));
        for (const outcome of outcomes) {
          if (!allowed) expect(outcome.kind).toBe('refused');
          else expect(outcome).toMatchObject({ kind: 'refreshed', tokens: { refreshToken: `${presented}'` } });
        }
        expect(table.isLive).toBe(allowed);
        if (allowed && usedAt === undefined) {
          usedAtSeconds[index] = table.nowSeconds;
          chain.push(`${presented}'`);
        }
        if (!table.isLive) return;
      }
    }),
    { numRuns: 300 },
  );
});

test('a derivation key that changed within the grace window ends nothing', async () => {
  const table = new SessionTable();
  const tokens = { ...readableRefreshTokens };
  const ports: RefreshPorts = {
    sessions: table.store(),
    refreshTokens: tokens,
    accessTokens: { sign: () => 'access', verify: () => undefined },
    clock: { nowMs: () => 0 },
    lifetimes: { accessSeconds: 300, refreshSeconds: 3600 },
  };
  table.insert('hash of t');
  await refresh('t', ports);
  tokens.successor = (token) => `${token}*`;
  expect(await refresh('t', ports)).toEqual({ kind: 'refused', reason: 'invalid_token' });
  expect(table.isLive).toBe(true);
});
