import { expect, jest, test } from '@jest/globals';
import { passwords, portOf, readableRefreshTokens, sessions, users } from '../testing/fakes.ts';
import type { AccessClaims, AccessTokens } from './ports/tokens.ts';
import { type StepUpPorts, stepUp } from './step-up.ts';

const claims: AccessClaims = {
  userId: 'ada',
  sessionId: 'session',
  roles: ['administrator'],
  authenticatedAtSeconds: 100,
  hasSecondFactor: false,
  tokenId: 'before',
  issuedAtSeconds: 100,
  expiresAtSeconds: 400,
};
const shown = { password: 'right', code: undefined, signal: new AbortController().signal };
const credentials = {
  username: 'ada',
  email: null,
  displayName: null,
  passwordHash: 'hash',
  credentialVersion: 1,
  isPasswordChangeRequired: false,
};

/** Somebody without a second factor, whose password is right. */
function world(rolesNow: readonly string[] | undefined) {
  const sign = jest.fn<AccessTokens['sign']>(() => 'signed');
  const ports: StepUpPorts = {
    accessTokens: portOf<AccessTokens>({ sign }),
    refreshTokens: readableRefreshTokens,
    clock: { nowMs: () => 200_000 },
    lifetimes: { accessSeconds: 300, refreshSeconds: 1000 },
    users: users({ findCredentials: async () => credentials }),
    sessions: sessions({ authenticateAgain: async () => rolesNow }),
    passwords: passwords({ verify: async () => ({ kind: 'matched' }) }),
    secondFactors: portOf<StepUpPorts['secondFactors']>({ find: async () => undefined }),
    oneTimeCodes: portOf<StepUpPorts['oneTimeCodes']>({}),
    limits: portOf<StepUpPorts['limits']>({
      admit: async () => ({ kind: 'open', mayHaveFailed: false }),
    }),
  };
  return { ports, sign };
}

test('the token that it gives has the roles of now, whatever the one before had', async () => {
  const { ports, sign } = world(['clerk']);
  expect(await stepUp(claims, shown, ports)).toEqual({ kind: 'steppedUp', accessToken: 'signed' });
  expect(sign).toHaveBeenCalledWith(expect.objectContaining({ roles: ['clerk'], authenticatedAtSeconds: 200 }));
});

test('a session that is good for nothing any more gets none', async () => {
  const { ports, sign } = world(undefined);
  expect(await stepUp(claims, shown, ports)).toEqual({ kind: 'sessionEnded' });
  expect(sign).not.toHaveBeenCalled();
});
