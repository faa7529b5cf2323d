import { describe, expect, jest, test } from '@jest/globals';
import { passwords, sessions, users } from '../testing/fakes.ts';
import { changePassword, deleteAccount } from './account.ts';
import type { AccountLockout } from './ports/limits.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import type { UserStore } from './ports/users.ts';

const present = {
  username: 'Ada',
  email: null,
  displayName: null,
  passwordHash: 'hash of the present one',
  credentialVersion: 3,
};
const change = {
  userId: 'ada',
  sessionId: 'session',
  currentPassword: 'the present one',
  newPassword: 'another one',
  signal: new AbortController().signal,
};

function world(isPasswordChangeRequired: boolean) {
  const inStore = jest.fn<UserStore['changePassword']>(async () => 4);
  const remove = jest.fn<UserStore['delete']>();
  const findCredentials = async () => ({ ...present, isPasswordChangeRequired });
  const verify = jest.fn<PasswordHasher['verify']>(async (password, stored) => {
    return { kind: stored === `hash of ${password}` ? 'matched' : 'mismatched' };
  });
  const limits = {
    admit: jest.fn<AccountLockout['admit']>(async () => ({ kind: 'open', mayHaveFailed: false })),
    lockout: jest.fn<AccountLockout['lockout']>(),
    recordFailure: jest.fn<AccountLockout['recordFailure']>(async () => ({ kind: 'open' })),
    forgetFailures: jest.fn<AccountLockout['forgetFailures']>(),
  };
  const ports = {
    users: users({ findCredentials, changePassword: inStore, delete: remove }),
    sessions: sessions({}),
    limits,
    passwords: passwords({
      verify,
      hash: async (password) => ({ kind: 'hashed', hash: `hash of ${password}` }),
    }),
    passwordPolicy: { decide: () => ({ kind: 'accepted' }) as const },
  };
  return { ports, inStore, remove, verify, limits };
}

type World = ReturnType<typeof world>;

test('a password replaces the one that was verified, of that version of the credentials', async () => {
  const { ports, inStore } = world(true);
  expect(await changePassword(change, ports)).toEqual({ kind: 'changed' });
  const replaced = {
    userId: 'ada',
    credentialVersion: 3,
    passwordHash: 'hash of another one',
    keptSessionId: 'session',
  };
  expect(inStore.mock.calls).toEqual([[replaced]]);
});

test('the same password is refused where another one is required, and there alone', async () => {
  const same = { ...change, newPassword: change.currentPassword };
  const [required, free] = [world(true), world(false)];
  expect(await changePassword(same, required.ports)).toEqual({
    kind: 'passwordRefused',
    reason: 'must be another one than before',
  });
  expect(required.inStore).not.toHaveBeenCalled();
  expect(await changePassword(same, free.ports)).toEqual({ kind: 'changed' });
});

test('an account that nobody else could change roles without is not deleted', async () => {
  const { ports, remove } = world(false);
  remove.mockResolvedValue('neededByService');
  const deletion = { userId: 'ada', password: change.currentPassword, signal: change.signal };
  expect(await deleteAccount(deletion, ports)).toEqual({ kind: 'neededByService' });
});

test('a change that came first leaves the current password wrong', async () => {
  const { ports, inStore } = world(false);
  inStore.mockResolvedValue(undefined);
  expect(await changePassword(change, ports)).toEqual({ kind: 'wrongPassword' });
});

describe.each([
  [
    'a change of the password',
    (currentPassword: string, { ports }: World) => changePassword({ ...change, currentPassword }, ports),
  ],
  [
    'a deletion',
    (password: string, { ports }: World) => deleteAccount({ userId: 'ada', password, signal: change.signal }, ports),
  ],
])('%s', (_, attempt) => {
  const expectNothingDone = ({ inStore, remove }: World) => {
    expect(inStore).not.toHaveBeenCalled();
    expect(remove).not.toHaveBeenCalled();
  };

  test('counts a wrong password with those of logins', async () => {
    const guessed = world(false);
    expect(await attempt('a guess', guessed)).toEqual({ kind: 'wrongPassword' });
    expect(guessed.limits.admit.mock.calls).toEqual([['login_account', 'ada']]);
    expect(guessed.limits.recordFailure.mock.calls).toEqual([['ada']]);
    expectNothingDone(guessed);
  });

  test('counts no right one', async () => {
    const known = world(false);
    await attempt(change.currentPassword, known);
    expect(known.limits.recordFailure).not.toHaveBeenCalled();
  });

  test('is limited in how often it is tried, before anything is hashed', async () => {
    const limited = world(false);
    limited.limits.admit.mockResolvedValue({ kind: 'limited', retryAfterSeconds: 7 });
    expect(await attempt(change.currentPassword, limited)).toEqual({ kind: 'limited', retryAfterSeconds: 7 });
    expect(limited.verify).not.toHaveBeenCalled();
    expectNothingDone(limited);
  });

  test('of a locked account finds every password wrong, at the same cost', async () => {
    const locked = world(false);
    locked.limits.admit.mockResolvedValue({ kind: 'lockedOut' });
    expect(await attempt(change.currentPassword, locked)).toEqual({ kind: 'wrongPassword' });
    expect(locked.verify).toHaveBeenCalledTimes(1);
    expectNothingDone(locked);
  });
});
