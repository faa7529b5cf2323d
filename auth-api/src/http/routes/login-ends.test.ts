import { expect, jest, test } from '@jest/globals';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { LoginPorts } from '../../domain/login.ts';
import type { LoginChallenge, LoginChallengeStore, PasswordChallenge } from '../../domain/login-challenge.ts';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { Overload } from '../../domain/ports/overload.ts';
import type { PasswordPolicy } from '../../domain/ports/passwords.ts';
import type { Spans } from '../../domain/ports/spans.ts';
import type { AuthenticationMetrics } from '../../observability/metrics.ts';
import { passwords, portOf, readableRefreshTokens, sessions, users } from '../../testing/fakes.ts';
import type { ApiPorts, RouteRequest } from '../route.ts';
import { completeLoginRoute, enrollDuringLoginRoute } from './login-challenge.ts';
import { completePasswordChangeRoute } from './password-challenge.ts';
import { loginRoute } from './sessions.ts';

const down = new DependencyUnavailableError('primary', 2);
const steps = {
  password: { route: loginRoute, body: { username: 'ada', password: 'anything' } },
  code: { route: completeLoginRoute, body: { mfa_token: 'of a login', code: '123456' } },
  enrollment: { route: enrollDuringLoginRoute, body: { mfa_token: 'of a login' } },
  newPassword: {
    route: completePasswordChangeRoute,
    body: { password_change_token: 'of a login', new_password: 'another' },
  },
};

/** How the step was counted, however it ended. */
async function counted(step: keyof typeof steps, part: Partial<ApiPorts>) {
  const authenticated = jest.fn<AuthenticationMetrics['authenticated']>();
  const ports = portOf<ApiPorts>({
    users: users({ findForLogin: () => Promise.reject(down) }),
    limits: portOf<LoginPorts['limits']>({ admit: async () => ({ kind: 'open', mayHaveFailed: false }) }),
    overload: { isOverloaded: () => false, cause: () => undefined },
    refreshTokens: readableRefreshTokens,
    sessions: sessions({ prepare: (id) => ({ id, open: async () => ({ kind: 'opened' }) }) }),
    metrics: { authenticated },
    spans: { run: (_, work) => work() } satisfies Spans,
    ...{ serviceName: 'the service', clock: { nowMs: () => 0 } },
    ...part,
  });
  const request = portOf<RouteRequest<unknown, unknown>>({
    ...{ browser: { origin: undefined, fetchSite: undefined, refreshCookie: undefined }, userAgent: undefined },
    ...{ clientAddress: undefined, clientNetwork: undefined, signal: new AbortController().signal },
    body: steps[step].body,
    event: portOf<PendingAuditEvent>({ about: () => {} }),
  });
  const answer = await steps[step].route.handle(request, undefined, ports).catch((error: unknown) => {
    expect(error).toBe(down);
    return { status: 503 };
  });
  return { status: answer.status, counted: authenticated.mock.calls.flat() };
}

function challenges(attempt: () => Promise<undefined>): Pick<ApiPorts, 'challenges'> {
  return { challenges: portOf<LoginChallengeStore>({ attempt, attemptPassword: attempt }) };
}

test.each(['password', 'code', 'enrollment', 'newPassword'] as const)(
  'a login that ends at its %s since the primary does not answer is counted',
  async (step) => {
    const unavailable = challenges(() => Promise.reject(down));
    expect(await counted(step, unavailable)).toEqual({ status: 503, counted: ['unavailable'] });
  },
);

test.each(['code', 'enrollment', 'newPassword'] as const)('so is a %s for no login that waits', async (step) => {
  const none = challenges(async () => undefined);
  expect(await counted(step, none)).toEqual({ status: 401, counted: ['invalid_challenge'] });
});

test.each(['password', 'newPassword'] as const)('and a %s for which there is too much to do', async (step) => {
  const overload: Overload = { isOverloaded: () => true, cause: () => 'event_loop_late' };
  expect(await counted(step, { overload })).toEqual({ status: 503, counted: ['event_loop_late'] });
});

test.each([
  [{ kind: 'overloaded', retryAfterSeconds: 1 }, 503, 'overloaded'],
  [{ kind: 'abandoned' }, 503, 'abandoned'],
  // As before it: another one is still to come.
  [{ kind: 'tooLong', maxBytes: 72 }, 422, 'password_change_needed'],
] as const)('and a new password whose hashing ends as %j', async (hashed, status, error) => {
  const challenge: PasswordChallenge = {
    ...{ userId: 'ada', roles: [], credentialVersion: 1, passwordHash: 'present', words: [], hasSecondFactor: false },
  };
  const ports = {
    challenges: portOf<LoginChallengeStore>({ attemptPassword: async () => challenge }),
    passwordPolicy: { decide: () => ({ kind: 'accepted' }) } satisfies PasswordPolicy,
    passwords: passwords({ verify: async () => ({ kind: 'mismatched' }), hash: async () => hashed }),
  };
  expect(await counted('newPassword', ports)).toEqual({ status, counted: [error] });
});

test('and a code where there is no second factor yet', async () => {
  const challenge: LoginChallenge = {
    ...{ userId: 'ada', username: 'ada', roles: [], credentialVersion: 1, factor: undefined },
    isPasswordChangeRequired: false,
  };
  const ports = { challenges: portOf<LoginChallengeStore>({ attempt: async () => challenge }) };
  expect(await counted('code', ports)).toEqual({ status: 409, counted: ['second_factor_needed'] });
});
