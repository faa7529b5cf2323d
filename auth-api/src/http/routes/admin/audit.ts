import { z } from 'zod';
import { type AuditEvent, type AuditFilter, type AuditPosition, auditOutcomes } from '../../../domain/audit.ts';
import { recordBefore } from '../../audited.ts';
import { cursorOf, positionCursor } from '../../cursor.ts';
import { problem } from '../../problem.ts';
import { type ApiPorts, bearerRoute, type Route } from '../../route.ts';
import { pageQuery } from '../../schemas.ts';

const mayRead = 'authcluster.audit.read';
const exportPageSize = 500;

const filters = {
  type: z.string().max(64).optional().describe('An operation of this API, or another word of the reference.'),
  subject: z.uuid().optional().describe('Whose account it is about.'),
  actor: z.uuid().optional().describe('Who did it.'),
  outcome: z.enum(auditOutcomes).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Included.'),
  to: z.iso.datetime({ offset: true }).optional().describe('Excluded.'),
};
const exportQuery = z.strictObject(filters);
const listQuery = exportQuery.extend({ cursor: positionCursor.optional(), limit: pageQuery.shape.limit });

export const eventResponse = z
  .object({
    id: z.uuid(),
    occurred_at: z.iso.datetime(),
    type: z.string(),
    outcome: z.enum(auditOutcomes).describe('challenge: what was shown is right, and something more is asked for.'),
    error: z.string().nullable(),
    actor_id: z.uuid().nullable(),
    actor_client: z.string().nullable().describe('An OAuth client, where it was no user.'),
    subject_id: z.uuid().nullable().describe('Whose account it is about.'),
    session_id: z.uuid().nullable(),
    client_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    trace_id: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'AuditEvent' });

const eventListResponse = z
  .object({ items: z.array(eventResponse), next_cursor: z.string().nullable() })
  .meta({ id: 'AuditEventList' });

const listAuditEvents = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/audit-events',
    operation: 'list_audit_events',
    summary: 'What was done and who did it, the youngest first',
    query: listQuery,
    permission: mayRead,
    answers: { 200: { description: 'A page of events.', schema: eventListResponse } },
  },
  async ({ query: { cursor, limit, ...filter } }, _, ports) => {
    const unknown = unknownType(filter.type, ports);
    if (unknown !== undefined) return unknown;
    const after = cursor && { occurredAt: new Date(cursor.key), id: cursor.id };
    if (after !== undefined && Number.isNaN(after.occurredAt.getTime())) {
      return problem('invalid_request', { errors: [{ pointer: '/cursor', detail: 'is not of this list' }] });
    }
    const events = await ports.audit.page(filterOf(filter), after, limit);
    const last = events.length < limit ? undefined : events.at(-1);
    const next_cursor = last === undefined ? null : cursorOf({ key: last.occurredAt.toISOString(), id: last.id });
    return { status: 200, body: { items: events.map(eventBody), next_cursor } };
  },
);

/** Itself an act that is in the log: it takes many people's data out of the service. */
const exportAuditEvents = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/audit-events/export',
    operation: 'export_audit_events',
    summary: 'All events, the youngest first, one a line (NDJSON)',
    query: exportQuery,
    permission: mayRead,
    isRead: false,
    answers: {
      200: {
        description: 'As they are read: a connection that breaks off before the last chunk was not all.',
        schema: eventResponse,
        isLines: true,
      },
    },
  },
  async ({ query, event }, _, ports) => {
    const unknown = unknownType(query.type, ports);
    if (unknown !== undefined) return unknown;
    event.about({ details: JSON.parse(JSON.stringify(query)) });
    await recordBefore(event, ports);
    // What comes meanwhile is not part of it.
    const to = query.to ?? new Date(ports.clock.nowMs()).toISOString();
    const headers = { 'content-type': 'application/x-ndjson' };
    return { status: 200, headers, stream: exportedLines(filterOf({ ...query, to }), ports) };
  },
);

/** A page is read when the one before has been taken. */
async function* exportedLines(filter: AuditFilter, { audit }: ApiPorts): AsyncGenerator<string> {
  let after: AuditPosition | undefined;
  for (;;) {
    const events: readonly AuditEvent[] = await audit.page(filter, after, exportPageSize);
    if (events.length > 0) yield events.map((event) => `${JSON.stringify(eventBody(event))}\n`).join('');
    if (events.length < exportPageSize) return;
    after = events.at(-1);
  }
}

/** A filter that is misspelt must not look as if nothing had happened. */
function unknownType(type: string | undefined, { auditTypes }: ApiPorts) {
  if (type === undefined || auditTypes.includes(type)) return undefined;
  return problem('invalid_request', { errors: [{ pointer: '/type', detail: 'is no type of event' }] });
}

function filterOf({ type, subject, actor, outcome, from, to }: z.output<typeof exportQuery>): AuditFilter {
  const time = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  return { type, subjectId: subject, actorId: actor, outcome, from: time(from), to: time(to) };
}

export function eventBody(event: AuditEvent): z.output<typeof eventResponse> {
  return {
    id: event.id,
    occurred_at: event.occurredAt.toISOString(),
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

export const auditRoutes: readonly Route[] = [listAuditEvents, exportAuditEvents];
