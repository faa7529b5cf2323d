import { Counter, Gauge, type Registry } from 'prom-client';
import type { CircuitBreakerSnapshot, StateName } from '../resilience/circuit-breaker-options.ts';

const states: readonly StateName[] = ['closed', 'open', 'half-open'];
const results = ['success', 'failed', 'rejected', 'ignored', 'late'] as const;

/** Reads the breakers whenever it is scraped; more of them may be added to the list. */
export function observeBreakers(registry: Registry, breakers: readonly (() => CircuitBreakerSnapshot)[]): void {
  const registers = [registry];
  const snapshots = () => breakers.map((snapshot) => snapshot());
  new Counter({
    name: 'circuit_breaker_calls_total',
    help: 'Calls through the circuit breakers, by how they ended',
    labelNames: ['dependency', 'result'],
    registers,
    collect() {
      this.reset();
      for (const snapshot of snapshots()) {
        for (const result of results) this.inc({ dependency: snapshot.name, result }, snapshot[result]);
      }
    },
  });
  new Counter({
    name: 'circuit_breaker_requests_total',
    help: 'Calls asked of the circuit breakers, those that still run included',
    labelNames: ['dependency'],
    registers,
    collect() {
      this.reset();
      for (const { name, total } of snapshots()) this.inc({ dependency: name }, total);
    },
  });
  new Gauge({
    name: 'circuit_breaker_success_rate',
    help: 'Share of successes in the calls that reached the dependency; none before the first of them',
    labelNames: ['dependency'],
    registers,
    collect() {
      for (const { name, successRate } of snapshots()) {
        if (successRate !== null) this.set({ dependency: name }, successRate);
      }
    },
  });
  new Gauge({
    name: 'circuit_breaker_state_change_timestamp_seconds',
    help: 'When the last ten changes of state were; the youngest is the first',
    labelNames: ['dependency', 'place', 'from', 'to'],
    registers,
    collect() {
      this.reset();
      for (const { name, stateChanges } of snapshots()) {
        for (const [index, { from, to, at }] of [...stateChanges].reverse().entries()) {
          this.set({ dependency: name, place: String(index + 1), from, to }, at.getTime() / 1000);
        }
      }
    },
  });
  new Gauge({
    name: 'circuit_breaker_state',
    help: '1 for the state that the circuit breaker is in',
    labelNames: ['dependency', 'state'],
    registers,
    collect() {
      for (const { name, currentState } of snapshots()) {
        for (const state of states) this.set({ dependency: name, state }, state === currentState ? 1 : 0);
      }
    },
  });
  gauge(
    'circuit_breaker_failure_rate',
    'Share of failures in the window; 0 while it is empty',
    (s) => s.failureRate ?? 0,
  );
  gauge('circuit_breaker_calls_in_window', 'Calls in the window', (s) => s.callsInWindow);
  gauge('circuit_breaker_seconds_since_change', 'Since the state changed last', (s) => s.secondsSinceLastChange);

  function gauge(name: string, help: string, value: (snapshot: CircuitBreakerSnapshot) => number): void {
    new Gauge({
      name,
      help,
      labelNames: ['dependency'],
      registers,
      collect() {
        for (const snapshot of snapshots()) this.set({ dependency: snapshot.name }, value(snapshot));
      },
    });
  }
}
