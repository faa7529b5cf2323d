import { expect, jest, test } from '@jest/globals';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { LoginPorts } from '../../domain/login.ts';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { Spans } from '../../domain/ports/spans.ts';
import type { AuthenticationMetrics } from '../../observability/metrics.ts';
import { portOf, users } from '../../testing/fakes.ts';
import type { ApiPorts, RouteRequest } from '../route.ts';
import { loginRoute } from './sessions.ts';

test('a login that ends since the primary does not answer is counted', async () => {
  const authenticated = jest.fn<AuthenticationMetrics['authenticated']>();
  const down = new DependencyUnavailableError('primary', 2);
  const ports = portOf<ApiPorts>({
    users: users({ findForLogin: () => Promise.reject(down) }),
    limits: portOf<LoginPorts['limits']>({ admit: async () => ({ kind: 'open', mayHaveFailed: false }) }),
    overload: { isOverloaded: () => false, cause: () => undefined },
    metrics: { authenticated },
    spans: { run: (_, work) => work() } satisfies Spans,
  });
  const request = portOf<RouteRequest<unknown, unknown>>({
    ...{ browser: { origin: undefined, fetchSite: undefined, refreshCookie: undefined }, userAgent: undefined },
    ...{ clientAddress: undefined, clientNetwork: undefined, signal: new AbortController().signal },
    body: { username: 'ada', password: 'anything' },
    event: portOf<PendingAuditEvent>({ about: () => {} }),
  });
  await expect(loginRoute.handle(request, undefined, ports)).rejects.toBe(down);
  expect(authenticated.mock.calls).toEqual([['unavailable']]);
});
