import { expect, jest, test } from '@jest/globals';
import { passwords, sessions, users } from '../testing/fakes.ts';
import { changePassword } from './account.ts';
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
  const findCredentials = async () => ({ ...present, isPasswordChangeRequired });
  const ports = {
    users: users({ findCredentials, changePassword: inStore }),
    sessions: sessions({}),
    passwords: passwords({
      verify: async (password, stored) => ({ kind: stored === `hash of ${password}` ? 'matched' : 'mismatched' }),
      hash: async (password) => ({ kind: 'hashed', hash: `hash of ${password}` }),
    }),
    passwordPolicy: { decide: () => ({ kind: 'accepted' }) as const },
  };
  return { ports, inStore };
}

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

test('a change that came first leaves the current password wrong', async () => {
  const { ports, inStore } = world(false);
  inStore.mockResolvedValue(undefined);
  expect(await changePassword(change, ports)).toEqual({ kind: 'wrongPassword' });
});
