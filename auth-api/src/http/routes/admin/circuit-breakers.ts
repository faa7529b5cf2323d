import { z } from 'zod';
import type { CircuitBreakerSnapshot } from '../../../resilience/circuit-breaker-options.ts';
import { recordAfter } from '../../audited.ts';
import { problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';

const state = z.enum(['closed', 'open', 'half-open']);

const circuitBreakerResponse = z
  .object({
    name: z.string(),
    pod: z.string().describe('Whose it is: each pod has its own.'),
    current_state: state,
    total: z.int(),
    success: z.int(),
    failed: z.int(),
    rejected: z.int(),
    ignored: z.int().describe('Ended with an answer that says nothing of the dependency.'),
    late: z.int().describe('Ended after the state in which they began.'),
    success_rate: z.number().nullable().describe('Null before the first call.'),
    calls_in_window: z.int(),
    failure_rate: z.number().nullable().describe('Of the calls in the window; null while there are none.'),
    time_since_last_change: z.number().describe('Seconds.'),
    state_changes: z
      .array(z.object({ from: state, to: state, at: z.iso.datetime(), reason: z.string() }))
      .describe('The last ten, the oldest first.'),
  })
  .meta({ id: 'CircuitBreaker' });

const circuitBreakerListResponse = z
  .object({ items: z.array(circuitBreakerResponse), next_cursor: z.null() })
  .meta({ id: 'CircuitBreakerList' });

const listCircuitBreakers = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/circuit-breakers',
    operation: 'list_circuit_breakers',
    summary: 'The circuit breakers of the pod that answers',
    permission: 'authcluster.operations.read',
    answers: { 200: { description: 'One for each dependency.', schema: circuitBreakerListResponse } },
  },
  async (_, __, ports) => {
    const items = [...ports.circuitBreakers.values()].map((breaker) =>
      circuitBreakerBody(breaker.snapshot(), ports.podName),
    );
    return { status: 200, body: { items, next_cursor: null } };
  },
);

const resetCircuitBreaker = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/circuit-breakers/{dependency}/reset',
    operation: 'reset_circuit_breaker',
    summary: 'Close a circuit breaker of the pod that answers',
    parameters: { dependency: z.string().max(40) },
    permission: 'authcluster.operations.write',
    answers: { 200: { description: 'It is closed, in this pod.', schema: circuitBreakerResponse } },
  },
  async ({ parameter, event }, _, { circuitBreakers, podName, audit }) => {
    const breaker = circuitBreakers.get(parameter('dependency'));
    if (breaker === undefined) return problem('not_found');
    event.about({ details: { pod: podName } });
    breaker.reset();
    const body = circuitBreakerBody(breaker.snapshot(), podName);
    await recordAfter(event, { audit });
    return { status: 200, body };
  },
);

function circuitBreakerBody(snapshot: CircuitBreakerSnapshot, pod: string): z.output<typeof circuitBreakerResponse> {
  const { name, total, success, failed, rejected, ignored, late } = snapshot;
  return {
    name,
    pod,
    current_state: snapshot.currentState,
    total,
    success,
    failed,
    rejected,
    ignored,
    late,
    success_rate: snapshot.successRate,
    calls_in_window: snapshot.callsInWindow,
    failure_rate: snapshot.failureRate,
    time_since_last_change: snapshot.secondsSinceLastChange,
    state_changes: snapshot.stateChanges.map((change) => ({ ...change, at: change.at.toISOString() })),
  };
}

export const circuitBreakerRoutes: readonly Route[] = [listCircuitBreakers, resetCircuitBreaker];
