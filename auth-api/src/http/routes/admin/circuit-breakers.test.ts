import { expect, test } from '@jest/globals';
import { type AuditEvent, type AuditLog, PendingAuditEvent, unknownOrigin } from '../../../domain/audit.ts';
import type { AccessClaims } from '../../../domain/ports/tokens.ts';
import { CircuitBreaker } from '../../../resilience/circuit-breaker.ts';
import { portOf } from '../../../testing/fakes.ts';
import type { ApiPorts, RouteRequest } from '../../route.ts';
import { circuitBreakerRoutes } from './circuit-breakers.ts';

const clock = { nowMs: () => 0 };

/** Resets the breaker of a primary that has just failed. */
async function reset(record: AuditLog['record']) {
  const [, route] = circuitBreakerRoutes;
  const breaker = new CircuitBreaker({ ...clock, name: 'primary', minimumCalls: 1 });
  await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  expect(breaker.snapshot().currentState).toBe('open');
  const noted: AuditEvent[] = [];
  const ports = portOf<ApiPorts>({
    circuitBreakers: new Map([['primary', breaker]]),
    podName: 'one',
    audit: portOf<AuditLog>({ record, note: (event) => noted.push(event) }),
  });
  const options = { type: 'reset_circuit_breaker', origin: unknownOrigin, clock, hashName: (name: string) => name };
  const event = new PendingAuditEvent(options);
  const request = portOf<RouteRequest<unknown, unknown>>({ parameter: () => 'primary', event });
  const answer = await route?.handle(request, portOf<AccessClaims>({}), ports);
  return { answer, noted, isTold: event.isSettled };
}

const done = { status: 200, body: { pod: 'one', current_state: 'closed' } };

test('a reset is in the log before it is answered', async () => {
  const recorded: AuditEvent[] = [];
  const record = async (event: AuditEvent) => void recorded.push(event);
  expect(await reset(record)).toMatchObject({ answer: done, noted: [], isTold: true });
  expect(recorded).toMatchObject([{ type: 'reset_circuit_breaker', outcome: 'success', details: { pod: 'one' } }]);
});

test('while nothing can be recorded it is done and answered all the same, and told later', async () => {
  const later = [{ type: 'reset_circuit_breaker', outcome: 'success', details: { pod: 'one' } }];
  const record = () => Promise.reject(new Error('no database'));
  expect(await reset(record)).toMatchObject({ answer: done, noted: later, isTold: true });
});
