import type { AuditEvent, AuditFilter, AuditPosition, PendingAuditEvent } from '../../domain/audit.ts';
import type { Database, Query, Statement, Value } from './database.ts';

const columns = `id, occurred_at, type, outcome, error, actor_id, actor_client, subject_id, session_id, client_address,
      user_agent, trace_id, details`;
const types = `id uuid, occurred_at timestamptz, type text, outcome text, error text, actor_id uuid, actor_client text,
      subject_id uuid, session_id uuid, client_address inet, user_agent text, trace_id text, details jsonb`;
const columnsShown = columns.replace('client_address', 'host(client_address) AS client_address');

/** One parameter for all of them, and so one statement for batches of any size. Repeated, it changes nothing. */
const insertEvents: Statement = {
  name: 'insert_audit_events',
  text: `INSERT INTO auth.audit_events (${columns})
    SELECT ${columns} FROM jsonb_to_recordset($1::jsonb) AS e (${types})
    ON CONFLICT DO NOTHING`,
};

/** Inside another statement: the event of a parameter, for the row of `source` that tells of its success. */
export function insertedWith(source: string, parameter: number): string {
  return `
      INSERT INTO auth.audit_events (${columns})
      SELECT ${columns.replace(/\w+/g, 'e.$&')}
      FROM ${source} CROSS JOIN jsonb_to_record($${parameter}::jsonb) AS e (${types})
      WHERE $${parameter} IS NOT NULL
    `;
}

export function auditJson(event: AuditEvent): string {
  return JSON.stringify(rowOf(event));
}

export interface AuditEventRow {
  id: string;
  occurred_at: Date;
  type: string;
  outcome: AuditEvent['outcome'];
  error: string | null;
  actor_id: string | null;
  actor_client: string | null;
  subject_id: string | null;
  session_id: string | null;
  client_address: string | null;
  user_agent: string | null;
  trace_id: string | null;
  details: AuditEvent['details'];
}

export async function insertAuditEvents(query: Query, events: readonly AuditEvent[]): Promise<void> {
  await query(insertEvents, [JSON.stringify(events.map(rowOf))]);
}

/**
 * Part of the transaction that does it: what is not in the log does not happen. Its last statement, since a transaction may
 * be run again, and may then end otherwise.
 */
export async function recordAct(query: Query, act: PendingAuditEvent | undefined): Promise<void> {
  if (act === undefined) return;
  await insertAuditEvents(query, [act.ended('success')]);
  act.settle();
}

/** A statement that changes something, in one transaction with its event, if there is one and it changed anything. */
export async function queryAsAct<Row extends object>(
  database: Database,
  [statement, values]: readonly [Statement, readonly Value[]],
  act: PendingAuditEvent | undefined,
): Promise<Row[]> {
  if (act === undefined) return database.query<Row>(statement, values);
  return database.transaction(async (query) => {
    const rows = await query<Row>(statement, values);
    if (rows.length > 0) await recordAct(query, act);
    return rows;
  });
}

/** One text for each set of filters: each has a plan that walks along an index from where the page before ended. */
export function auditPage(
  { type, subjectId, actorId, outcome, from, to }: AuditFilter,
  after: AuditPosition | undefined,
  limit: number,
): { readonly statement: Statement; readonly values: readonly Value[] } {
  const names: string[] = [];
  const conditions: string[] = [];
  const values: Value[] = [limit];
  const where = (name: string, condition: (...parameters: string[]) => string, ...given: (Value | undefined)[]) => {
    const known = given.filter((value) => value !== undefined);
    if (known.length < given.length) return;
    names.push(name);
    conditions.push(condition(...known.map((value) => `$${values.push(value)}`)));
  };
  where('type', (is) => `type = ${is}`, type);
  where('subject', (is) => `subject_id = ${is}`, subjectId);
  where('actor', (is) => `actor_id = ${is}`, actorId);
  // Of a closed list, and in the text: the index of failures is a partial one.
  if (outcome !== undefined) where(outcome, () => `outcome = '${outcome}'`);
  where('from', (is) => `occurred_at >= ${is}`, from);
  where('to', (is) => `occurred_at < ${is}`, to);
  // The comparison of rows alone would leave no partition out.
  where(
    'after',
    (at, id) => `occurred_at <= ${at} AND (occurred_at, id) < (${at}, ${id})`,
    after?.occurredAt,
    after?.id,
  );
  const name = `select_audit_events_${names.join('_')}`;
  const filters = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const text = `SELECT ${columnsShown} FROM auth.audit_events ${filters} ORDER BY occurred_at DESC, id DESC LIMIT $1`;
  return { statement: { name, text }, values };
}

export function auditEventOf(row: AuditEventRow): AuditEvent {
  return {
    id: row.id,
    occurredAt: row.occurred_at,
    type: row.type,
    outcome: row.outcome,
    error: row.error ?? undefined,
    actorId: row.actor_id ?? undefined,
    actorClient: row.actor_client ?? undefined,
    subjectId: row.subject_id ?? undefined,
    sessionId: row.session_id ?? undefined,
    clientAddress: row.client_address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    traceId: row.trace_id ?? undefined,
    details: row.details,
  };
}

function rowOf(event: AuditEvent): AuditEventRow {
  return {
    id: event.id,
    occurred_at: event.occurredAt,
    type: event.type,
    outcome: event.outcome,
    error: event.error ?? null,
    actor_id: event.actorId ?? null,
    actor_client: event.actorClient ?? null,
    subject_id: event.subjectId ?? null,
    session_id: event.sessionId ?? null,
    client_address: event.clientAddress ?? null,
    user_agent: event.userAgent ?? null,
    trace_id: event.traceId ?? null,
    details: event.details,
  };
}
