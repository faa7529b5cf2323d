import { DatabaseError } from 'pg';
import type { ExternalProblem } from './problem.ts';

/** Runs a query whose answer is one row. */
export type AskRow = <Row>(query: string) => Promise<Row>;

/** What a server tells of itself. */
export interface ServerFacts {
  inRecovery: boolean;
  maxConnections: number;
  /** Why it does not tell where its log is, or as a replica how far it has replayed it; absent where it does. */
  positionMissing?: string;
}

/** A server, as messages name it: `db.example.com:5432`, and the field of the spec that has its name. */
export interface ServerNamed {
  address: string;
  addressField: string;
}

const FACTS = `select pg_is_in_recovery() as "inRecovery",
  current_setting('max_connections')::integer as "maxConnections"`;

/** Of operator_intervention: the server stops, or ended the statement. That tells nothing of its functions. */
const INTERVENTION = /^57/;

/** The position is asked for as the auth API asks, by itself: where it is refused, the rest is known all the same. */
export async function serverFacts(ask: AskRow): Promise<ServerFacts> {
  const facts = await ask<ServerFacts>(FACTS);
  const name = facts.inRecovery ? 'pg_last_wal_replay_lsn' : 'pg_current_wal_lsn';
  try {
    const { position } = await ask<{ position: string | null }>(`select ${name}()::text as position`);
    return position === null ? { ...facts, positionMissing: `${name}() is null` } : facts;
  } catch (error) {
    if (!(error instanceof DatabaseError) || INTERVENTION.test(error.code ?? '')) throw error;
    return { ...facts, positionMissing: `${name}(): ${error.message}` };
  }
}

/** Why the server cannot be the primary; undefined where it can. */
export function primaryProblem(
  { inRecovery, maxConnections, positionMissing }: ServerFacts,
  { address, addressField }: ServerNamed,
  wantedConnections: number,
): ExternalProblem | undefined {
  if (inRecovery) {
    const message = `${addressField}: ${address} is a replica (pg_is_in_recovery): name the primary`;
    return { reason: 'NotPrimary', message };
  }
  if (positionMissing !== undefined) {
    const why = `${address} does not tell its write position (${positionMissing}), by which pods know whether their caches hold`;
    const fix = 'use PostgreSQL itself, such as Amazon RDS; Aurora is not supported';
    return { reason: 'PositionMissing', message: `${addressField}: ${why}: ${fix}` };
  }
  if (maxConnections >= wantedConnections) return undefined;
  const most = `max_connections of ${address} is ${maxConnections}`;
  const fix = 'lower maxConnections to it, or raise it on the server';
  return { reason: 'TooFewConnections', message: `spec.postgres.external.maxConnections: ${most}: ${fix}` };
}

/** Why reads that are sent to the server do not spare the primary; undefined where they do. */
export function replicaProblem(
  { inRecovery, positionMissing }: ServerFacts,
  { address, addressField }: ServerNamed,
): ExternalProblem | undefined {
  if (!inRecovery) {
    const why = `${address} is no replica (pg_is_in_recovery is false): it was promoted, or the name leads to the primary`;
    const fix = 'name a server that streams from the primary, or remove it';
    return { reason: 'NotReplica', message: `${addressField}: ${why}, which answers all reads: ${fix}` };
  }
  if (positionMissing === undefined) return undefined;
  const why = `${address} does not tell how far it has replayed (${positionMissing}), so that the primary answers all reads`;
  const fix = 'name a replica that streams from the primary, or remove it; readers of Aurora are none';
  return { reason: 'PositionMissing', message: `${addressField}: ${why}: ${fix}` };
}
