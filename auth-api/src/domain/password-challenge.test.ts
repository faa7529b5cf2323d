import { expect, jest, test } from '@jest/globals';
import { passwords, portOf, readableRefreshTokens, sessions, users } from '../testing/fakes.ts';
import type { LoginChallengePorts, LoginChallengeStore } from './login-challenge.ts';
import { completePasswordChange, type PasswordChallengePorts } from './password-challenge.ts';
import type { PreparedSession, SessionStore } from './ports/sessions.ts';
import type { UserStore } from './ports/users.ts';

const challenge = {
  userId: 'ada',
  credentialVersion: 3,
  roles: [],
  passwordHash: 'hash of the present one',
  words: ['Ada'],
  hasSecondFactor: false,
};
const request = {
  token: 'asked',
  newPassword: 'another one',
  clientAddress: undefined,
  userAgent: undefined,
  signal: new AbortController().signal,
};

function world() {
  const close = jest.fn<LoginChallengeStore['close']>(async () => true);
  const changePassword = jest.fn<UserStore['changePassword']>(async () => 4);
  const open = jest.fn<PreparedSession['open']>(async () => ({ kind: 'opened' }));
  const prepare = jest.fn<SessionStore['prepare']>((id) => ({ id, open }));
  const ports = portOf<PasswordChallengePorts & LoginChallengePorts>({
    challenges: portOf<LoginChallengeStore>({ attemptPassword: async () => challenge, close }),
    users: users({ changePassword }),
    sessions: sessions({ prepare }),
    passwords: passwords({
      verify: async (password, stored) => ({ kind: stored === `hash of ${password}` ? 'matched' : 'mismatched' }),
      hash: async (password) => ({ kind: 'hashed', hash: `hash of ${password}` }),
    }),
    passwordPolicy: { decide: () => ({ kind: 'accepted' }) },
    refreshTokens: readableRefreshTokens,
    accessTokens: { sign: () => 'access', verify: () => undefined },
    clock: { nowMs: () => 1_000 },
    lifetimes: { accessSeconds: 300, refreshSeconds: 3600 },
  });
  return { ports, close, changePassword, prepare, open };
}

test('the password replaces the one of the login, and the session is of the version from then on', async () => {
  const { ports, changePassword, prepare, open } = world();
  expect(await completePasswordChange(request, ports)).toMatchObject({ kind: 'loggedIn' });
  const replaced = {
    userId: 'ada',
    credentialVersion: 3,
    passwordHash: 'hash of another one',
    keptSessionId: undefined,
  };
  expect(changePassword.mock.calls).toEqual([[replaced]]);
  expect(prepare.mock.calls).toEqual([[expect.any(String), 'ada']]);
  expect(open).toHaveBeenCalledWith(expect.objectContaining({ credentialVersion: 4 }));
});

test('the same password is refused, and leaves the challenge good', async () => {
  const { ports, close } = world();
  const refused = { kind: 'passwordRefused', reason: 'must be another one than before' };
  expect(await completePasswordChange({ ...request, newPassword: 'the present one' }, ports)).toEqual(refused);
  expect(close).not.toHaveBeenCalled();
});

test('what has changed in the account meanwhile ends the challenge', async () => {
  const { ports, changePassword, open } = world();
  changePassword.mockResolvedValue(undefined);
  expect(await completePasswordChange(request, ports)).toEqual({ kind: 'invalidChallenge' });
  expect(open).not.toHaveBeenCalled();
});
