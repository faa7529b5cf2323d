import type { Logger } from 'pino';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';

/** Tells why a request failed here. */
export type FailureLog = (error: unknown, message: string) => void;

export interface FailureLogOptions {
  readonly log: Logger;
  readonly nowMs: () => number;
}

const quietMs = 1_000;

/**
 * Each kind of error in full, once a second: in an outage every request fails alike, and writing stacks, which is waited
 * for, would take from the pod what it needs to answer. `suppressed` counts those since the line before.
 */
export function createFailureLog({ log, nowMs }: FailureLogOptions): FailureLog {
  const toldByKind = new Map<string, { atMs: number; suppressed: number }>();
  return (error, message) => {
    const kind = kindOf(error);
    const told = toldByKind.get(kind);
    if (told !== undefined && nowMs() - told.atMs < quietMs) {
      told.suppressed += 1;
      return;
    }
    toldByKind.set(kind, { atMs: nowMs(), suppressed: 0 });
    const line = { error, suppressed: told?.suppressed ?? 0 };
    if (error instanceof DependencyUnavailableError) log.warn(line, message);
    else log.error(line, message);
  };
}

/** A name of ours or of a library, never a client's words. */
function kindOf(error: unknown): string {
  if (error instanceof DependencyUnavailableError) return `${error.name} ${error.dependency}`;
  return error instanceof Error ? error.name : typeof error;
}
