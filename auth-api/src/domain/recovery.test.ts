import { expect, jest, test } from '@jest/globals';
import { passwords, portOf, readableRefreshTokens } from '../testing/fakes.ts';
import type { QueuedMail } from './mail.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import { type MailedTokenStore, type RecoveryPorts, requestReset, resetPassword } from './recovery.ts';

function world(tokens: Partial<MailedTokenStore> = {}, limited: readonly string[] = []) {
  const queued: QueuedMail[] = [];
  const verify: PasswordHasher['verify'] = async (password, stored) => ({
    kind: stored === `hash of ${password}` ? 'matched' : 'mismatched',
  });
  const hash = jest.fn<PasswordHasher['hash']>(async (password) => ({ kind: 'hashed', hash: `hash of ${password}` }));
  const forgetFailures = jest.fn<RecoveryPorts['limits']['forgetFailures']>(async () => {});
  const mail = { enqueue: async (each: QueuedMail) => void queued.push(each) };
  const ports: RecoveryPorts = {
    mail,
    mailedTokens: portOf<MailedTokenStore>(tokens),
    refreshTokens: readableRefreshTokens,
    passwords: passwords({ hash, verify }),
    passwordPolicy: {
      decide: (password) => (password === 'weak' ? { kind: 'refused', reason: 'is weak' } : { kind: 'accepted' }),
    },
    limits: {
      take: async (rule) => (limited.includes(rule) ? { kind: 'limited', retryAfterSeconds: 9 } : { kind: 'allowed' }),
      forgetFailures,
    },
    clock: { nowMs: () => 1000 },
  };
  return { ports, mail, queued, hash, forgetFailures };
}

const typed = { identifier: 'Ada@Example.com', languages: ['ja'], clientNetwork: '203.0.113.9/32' };
const reset = {
  token: 'mailed',
  newPassword: 'another password',
  clientNetwork: undefined,
  signal: new AbortController().signal,
};
const account = {
  userId: 'ada',
  usernameKey: 'ada',
  words: ['ada'],
  passwordHash: 'hash of the present one',
  isPasswordChangeRequired: false,
};

test('a reset is queued for whatever was typed, without a look at accounts', async () => {
  const { ports, mail, queued } = world();
  expect(await requestReset(typed, ports, mail)).toEqual({ kind: 'queued' });
  expect(queued).toEqual([
    { id: expect.any(String), template: 'reset_password', identifierKey: 'ada@example.com', languages: ['ja'] },
  ]);
});

test.each(['recovery_account', 'recovery_network'])('beyond the limit %s nothing is queued', async (rule) => {
  const { ports, mail, queued } = world({}, [rule]);
  expect(await requestReset(typed, ports, mail)).toEqual({ kind: 'limited', retryAfterSeconds: 9 });
  expect(queued).toEqual([]);
});

test('the mailed token sets a password, and lets in who was locked out', async () => {
  const resetInStore = jest.fn<MailedTokenStore['resetPassword']>(async () => true);
  const { ports, forgetFailures } = world({ findResetAccount: async () => account, resetPassword: resetInStore });
  expect(await resetPassword(reset, ports)).toEqual({ kind: 'reset' });
  expect(resetInStore).toHaveBeenCalledWith({
    tokenHash: Buffer.from('hash of mailed'),
    passwordHash: 'hash of another password',
  });
  expect(forgetFailures).toHaveBeenCalledWith('ada');
});

test('a guessed token costs no hash', async () => {
  const { ports, hash } = world({ findResetAccount: async () => undefined });
  expect(await resetPassword(reset, ports)).toEqual({ kind: 'invalidToken' });
  expect(hash).not.toHaveBeenCalled();
});

test('a weak password does not use the token up', async () => {
  const { ports } = world({ findResetAccount: async () => account });
  expect(await resetPassword({ ...reset, newPassword: 'weak' }, ports)).toEqual({
    kind: 'passwordRefused',
    reason: 'is weak',
  });
});

test('the same password is refused where another one is required, and does not use the token up', async () => {
  const same = { ...reset, newPassword: 'the present one' };
  const resetInStore = jest.fn<MailedTokenStore['resetPassword']>(async () => true);
  const outcomeFor = (isPasswordChangeRequired: boolean) => {
    const found = { ...account, isPasswordChangeRequired };
    return resetPassword(same, world({ findResetAccount: async () => found, resetPassword: resetInStore }).ports);
  };
  expect(await outcomeFor(true)).toEqual({ kind: 'passwordRefused', reason: 'must be another one than before' });
  expect(resetInStore).not.toHaveBeenCalled();
  expect(await outcomeFor(false)).toEqual({ kind: 'reset' });
});

test('of two who use the token at once, one is told that it is used up', async () => {
  const { ports } = world({ findResetAccount: async () => account, resetPassword: async () => false });
  expect(await resetPassword(reset, ports)).toEqual({ kind: 'invalidToken' });
});
