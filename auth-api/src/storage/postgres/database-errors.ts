import pg from 'pg';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { CircuitOpenError } from '../../resilience/circuit-breaker.ts';

/** Every connection of the pool was in use for too long, or too many wait for one: says nothing of the database. */
export class PoolExhaustedError extends DependencyUnavailableError {
  override name = 'PoolExhaustedError';
}

/** There was no connection to ask by: nothing of what was to be done has begun. */
export class NotConnectedError extends DependencyUnavailableError {
  override name = 'NotConnectedError';
}

/** cached plan must not change result type: the table changed under a prepared statement. */
const cachedPlanChanged = '0A000';

/** The server answered with an error and the connection goes on; anything else leaves it in an unknown state. */
export function isAnswer(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** Classes 08, 53, 57, read-only transactions, and what a replica could not put off replaying for: not now. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return !(error instanceof TypeError || error instanceof RangeError);
  return /^(08|53|57)|^(25006|40001)$/.test(error.code ?? '08');
}

/** query_canceled: the server has ended the statement at its statement_timeout. */
export function isTooLong({ cause }: DependencyUnavailableError): boolean {
  return cause instanceof pg.DatabaseError && cause.code === '57014';
}

/** What says nothing of the health of a database: its answers, and that our own pool is too small. */
export function isDatabaseAnswer(error: unknown): boolean {
  return !(error instanceof DependencyUnavailableError) || error instanceof PoolExhaustedError;
}

/** In use, at once and not by running out of time: another connection may be good. */
export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof DependencyUnavailableError)) return false;
  if (error instanceof PoolExhaustedError || error instanceof NotConnectedError) return false;
  const { cause } = error;
  return cause instanceof Error && !(cause instanceof CircuitOpenError) && !/timeout/i.test(cause.message);
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;
}

/** The server has chosen this transaction to end, so that another one could go on: it has rolled it back. */
export function isDeadlock(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '40P01';
}

export function isCachedPlanChange(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === cachedPlanChanged;
}
