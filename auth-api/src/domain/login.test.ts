import { expect, jest, test } from '@jest/globals';
import { passwords, readableRefreshTokens, sessions, users } from '../testing/fakes.ts';
import { type LoginPorts, login } from './login.ts';
import type { LoginChallengeStore } from './login-challenge.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import type { PreparedSession, SessionStore } from './ports/sessions.ts';
import type { LoginAccount } from './ports/users.ts';

const account: LoginAccount = {
  userId: 'ada',
  passwordHash: 'stored',
  credentialVersion: 3,
  isActive: true,
  secondFactor: 'none',
  isPasswordChangeRequired: false,
  roles: ['reader'],
};
const attempt = {
  username: 'Ada',
  password: 'right',
  clientAddress: undefined,
  clientNetwork: undefined,
  userAgent: undefined,
};

function ports(found: LoginAccount | undefined, more: Partial<LoginPorts> = {}) {
  const verify = jest.fn<PasswordHasher['verify']>(async (password, stored) => {
    return stored !== undefined && password === 'right' ? { kind: 'matched' } : { kind: 'mismatched' };
  });
  const openChallenge = jest.fn<LoginChallengeStore['open']>(async () => {});
  const open = jest.fn<PreparedSession['open']>(async () => ({ kind: 'opened' }));
  const prepare = jest.fn<SessionStore['prepare']>((id) => ({ id, open }));
  const all: LoginPorts = {
    users: users({ findForLogin: async () => found }),
    sessions: sessions({ prepare }),
    passwords: passwords({ verify }),
    challenges: {
      open: openChallenge,
      attempt: async () => undefined,
      attemptPassword: async () => undefined,
      close: async () => false,
    },
    accessTokens: {
      sign: (claims) => ('userId' in claims ? `access of ${claims.userId} as ${claims.roles}` : ''),
      verify: () => undefined,
    },
    refreshTokens: readableRefreshTokens,
    limits: {
      take: async () => ({ kind: 'allowed' }),
      admit: async () => ({ kind: 'open', mayHaveFailed: false }),
      lockout: async () => ({ kind: 'open' }),
      recordFailure: async () => ({ kind: 'open' }),
      forgetFailures: async () => {},
    },
    spans: { run: (_, work) => work() },
    clock: { nowMs: () => 1_000 },
    lifetimes: { accessSeconds: 300, refreshSeconds: 3600 },
    ...more,
  };
  return { all, verify, open, prepare, openChallenge };
}

test('the right password opens a session', async () => {
  const { all, open, prepare } = ports(account);
  expect(await login(attempt, all)).toEqual({
    kind: 'loggedIn',
    tokens: { accessToken: 'access of ada as reader', expiresInSeconds: 300, refreshToken: 'minted' },
  });
  expect(open).toHaveBeenCalledWith(
    expect.objectContaining({ credentialVersion: 3, refreshTokenHash: Buffer.from('hash of minted') }),
  );
  expect(prepare.mock.calls).toEqual([[expect.any(String), 'ada']]);
});

test('a session is prepared while the password is checked, with an account or without, and costs no time before', async () => {
  for (const found of [account, undefined]) {
    const { all, prepare } = ports(found);
    const verify = jest.fn<PasswordHasher['verify']>(async () => {
      expect(prepare).not.toHaveBeenCalled();
      await Promise.resolve();
      expect(prepare).toHaveBeenCalledTimes(1);
      return { kind: 'mismatched' };
    });
    await login(attempt, { ...all, passwords: passwords({ verify }) });
    expect(verify).toHaveBeenCalledTimes(1);
  }
});

test.each([
  ['an unknown user', undefined, 'right', 'user_not_found'],
  ['a wrong password', account, 'wrong', 'invalid_password'],
  ['a disabled account', { ...account, isActive: false }, 'right', 'account_disabled'],
] as const)('%s costs one verification and opens nothing', async (_, found, password, reason) => {
  const { all, verify, open } = ports(found);
  expect(await login({ ...attempt, password }, all)).toEqual({ kind: 'refused', reason });
  expect(verify).toHaveBeenCalledTimes(1);
  expect(open).not.toHaveBeenCalled();
});

/** Which ports a login asks, in their order, and whatever it asks of them. */
async function portsAsked(found: LoginAccount | undefined, password: string, isLocked: boolean) {
  const asked: string[] = [];
  const { all } = ports(found);
  const lockedOut = async () => ({ kind: 'lockedOut' as const });
  const limits = { ...all.limits, ...(isLocked ? { admit: lockedOut, lockout: lockedOut } : {}) };
  const noted = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get: (target, method) => {
        asked.push(name);
        return Reflect.get(target, method);
      },
    });
  const outcome = await login(
    { ...attempt, password, clientNetwork: '203.0.113.9/32' },
    {
      ...all,
      users: noted('users', all.users),
      sessions: noted('sessions', all.sessions),
      passwords: noted('passwords', all.passwords),
      limits: noted('limits', limits),
    },
  );
  expect(outcome.kind).toBe('refused');
  return asked;
}

test.each([
  ['a wrong password', account, 'wrong', false],
  ['a wrong password where a second factor is asked for', { ...account, secondFactor: 'enrolled' }, 'wrong', false],
  ['a wrong password where another is', { ...account, isPasswordChangeRequired: true }, 'wrong', false],
  ['a disabled account', { ...account, isActive: false }, 'right', false],
  ['a locked account', account, 'right', true],
  ['a locked name of nobody', undefined, 'right', true],
] as const)('%s asks as much as an unknown user, in the same order', async (_, found, password, isLocked) => {
  const ofNobody = await portsAsked(undefined, 'right', false);
  expect(await portsAsked(found, password, isLocked)).toEqual(ofNobody);
  expect(new Set(ofNobody)).toEqual(new Set(['limits', 'users', 'passwords', 'sessions']));
});

test('a disabled account is not given an upgraded hash, which would take longer', async () => {
  const { all, verify } = ports({ ...account, isActive: false });
  await login(attempt, all);
  expect(verify).toHaveBeenCalledWith('right', 'stored', { upgrade: false });
});

test('a legacy hash is replaced by compare-and-swap, in the write of the session', async () => {
  const { all, open } = ports(account, {
    passwords: passwords({ verify: async () => ({ kind: 'matched', upgradedHash: 'better' }) }),
  });
  await login(attempt, all);
  expect(open).toHaveBeenCalledWith(expect.objectContaining({ hashUpgrade: { from: 'stored', to: 'better' } }));
});

test('a password changed meanwhile refuses the login', async () => {
  const { all } = ports(account, {
    sessions: sessions({ prepare: (id) => ({ id, open: async () => ({ kind: 'credentialsChanged' }) }) }),
  });
  expect(await login(attempt, all)).toEqual({ kind: 'refused', reason: 'credentials_changed' });
});

test('a full queue is told as it is', async () => {
  const overloaded = { kind: 'overloaded', retryAfterSeconds: 2 } as const;
  const { all } = ports(account, { passwords: passwords({ verify: async () => overloaded }) });
  expect(await login(attempt, all)).toEqual(overloaded);
});

test('a locked account is refused like a wrong password, at the same cost, with the right one, too', async () => {
  const { all, verify, open } = ports(account);
  const asked = jest.fn<LoginPorts['limits']['lockout']>(async () => ({ kind: 'lockedOut' }));
  const limits = { ...all.limits, admit: async () => ({ kind: 'lockedOut' }) as const, lockout: asked };
  expect(await login(attempt, { ...all, limits })).toEqual({ kind: 'refused', reason: 'account_locked' });
  expect(verify).toHaveBeenCalledWith('right', 'stored', { upgrade: false });
  expect(asked).toHaveBeenCalledTimes(1);
  expect(open).not.toHaveBeenCalled();
});

test.each([
  [true, 1],
  [false, 0],
])('a right password forgets failures where there may be some: %p', async (mayHaveFailed, times) => {
  const { all } = ports(account);
  const forgetFailures = jest.fn<LoginPorts['limits']['forgetFailures']>(async () => {});
  const limits = { ...all.limits, admit: async () => ({ kind: 'open', mayHaveFailed }) as const, forgetFailures };
  expect(await login(attempt, { ...all, limits })).toMatchObject({ kind: 'loggedIn' });
  expect(forgetFailures.mock.calls).toEqual(Array.from({ length: times }, () => ['ada']));
});

test('beyond a limit nothing is asked and nothing is hashed', async () => {
  const { all, verify } = ports(undefined, { users: users({}) });
  const take = async (rule: string) =>
    rule === 'login_network' ? ({ kind: 'limited', retryAfterSeconds: 7 } as const) : ({ kind: 'allowed' } as const);
  const limited = { ...all, limits: { ...all.limits, take } };
  const outcome = await login({ ...attempt, clientNetwork: '203.0.113.9/32' }, limited);
  expect(outcome).toEqual({ kind: 'limited', retryAfterSeconds: 7 });
  expect(verify).not.toHaveBeenCalled();
});

test.each([
  ['enrolled', true],
  ['missing', false],
] as const)('with a second factor that is %s the right password opens no session', async (secondFactor, isEnrolled) => {
  const { all, open, openChallenge } = ports({ ...account, secondFactor });
  expect(await login(attempt, all)).toEqual({ kind: 'secondFactorNeeded', token: 'minted', isEnrolled });
  expect(open).not.toHaveBeenCalled();
  expect(openChallenge).toHaveBeenCalledWith(
    expect.objectContaining({ userId: 'ada', credentialVersion: 3, tokenHash: Buffer.from('hash of minted') }),
  );
});

test('where another password is required, the right one opens no session, and the wrong one is refused as ever', async () => {
  const { all, open, openChallenge } = ports({ ...account, isPasswordChangeRequired: true });
  expect(await login({ ...attempt, password: 'wrong' }, all)).toEqual({ kind: 'refused', reason: 'invalid_password' });
  expect(await login(attempt, all)).toEqual({ kind: 'passwordChangeNeeded', token: 'minted' });
  expect(open).not.toHaveBeenCalled();
  expect(openChallenge.mock.calls).toEqual([
    [expect.objectContaining({ userId: 'ada', awaits: 'password', hasSecondFactor: false })],
  ]);
});

test('where another password is required, the second factor is asked for before', async () => {
  const { all, openChallenge } = ports({ ...account, secondFactor: 'enrolled', isPasswordChangeRequired: true });
  expect(await login(attempt, all)).toMatchObject({ kind: 'secondFactorNeeded' });
  expect(openChallenge).toHaveBeenCalledWith(expect.objectContaining({ awaits: 'code' }));
});
