import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { Database } from './database.ts';
import { isTooLong } from './database-errors.ts';

export interface ReadSources {
  readonly primary: Database;
  /** Undefined where there are none. */
  readonly replicas: Database | undefined;
}

/**
 * Reads what may be a moment old from the replicas, and from the primary where there are none or they cannot be asked.
 * What took a replica too long would take the primary as long.
 */
export async function sparingPrimary<T>(
  { primary, replicas }: ReadSources,
  read: (database: Database) => Promise<T>,
): Promise<T> {
  if (replicas === undefined) return read(primary);
  try {
    return await read(replicas);
  } catch (error) {
    if (!(error instanceof DependencyUnavailableError) || isTooLong(error)) throw error;
    return read(primary);
  }
}
