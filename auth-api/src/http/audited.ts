import {
  type AuditLog,
  type AuditOrigin,
  clientAuditTypes,
  furtherAuditTypes,
  type PendingAuditEvent,
} from '../domain/audit.ts';
import type { AccessClaims } from '../domain/ports/tokens.ts';
import { recordedTraceId } from '../observability/trace-context.ts';
import type { Answer } from './problem.ts';
import type { Route } from './route.ts';

/**
 * Whether requests to a route leave an event in the audit log: all that change something do, and its type is the route's
 * operation. A new route need not ask for it.
 */
export function isAudited({ method, isRead = method === 'get' }: Route['description']): boolean {
  return !isRead;
}

/** Every word that an event can be of: of operations that change nothing, it tells who was refused for want of a permission. */
export function auditTypes(routes: readonly Route[]): string[] {
  const told = routes.filter(({ description }) => isAudited(description) || description.permission !== undefined);
  const others = [...Object.keys(clientAuditTypes), ...Object.keys(furtherAuditTypes)];
  return [...told.map(({ description }) => description.operation), ...others];
}

export function auditOrigin(client: Omit<AuditOrigin, 'traceId'>): AuditOrigin {
  return { ...client, traceId: recordedTraceId() };
}

/** What is known before the route has its turn: who asks, and what the path names. */
export function eventOf(
  { description: { operation, path, parameters = {} } }: Route,
  origin: AuditOrigin,
  { claims, parameter }: { readonly claims: AccessClaims | undefined; readonly parameter: (name: string) => string },
  audit: AuditLog,
): PendingAuditEvent {
  const event = audit.begin(operation, origin);
  const isAdministration = path.startsWith('/v1/admin/');
  const isAboutAccount = path.startsWith('/v1/admin/users/{id}');
  const named = Object.keys(parameters).filter((name) => !(isAboutAccount && name === 'id'));
  if (claims !== undefined) event.about({ actorId: claims.userId, sessionId: claims.sessionId });
  if (claims !== undefined && !isAdministration) event.about({ subjectId: claims.userId });
  if (isAboutAccount) event.about({ subjectId: parameter('id') });
  event.about({ details: Object.fromEntries(named.map((name) => [name, parameter(name)])) });
  return event;
}

/** For an act that the database knows nothing of: what cannot be recorded is not done. */
export async function recordBefore(event: PendingAuditEvent, { audit }: { readonly audit: AuditLog }): Promise<void> {
  await audit.record(event.ended('success'));
  event.settle();
}

/** For an act that may be what brings the database back: done first, and where it cannot be recorded yet, told as soon as it can. */
export async function recordAfter(event: PendingAuditEvent, { audit }: { readonly audit: AuditLog }): Promise<void> {
  const done = event.ended('success');
  await audit.record(done).catch(() => audit.note(done));
  event.settle();
}

/** To be awaited before an answer is sent: an administrator is told of no success that is not in the log. */
export async function recordAct({ description }: Route, event: PendingAuditEvent, answer: Answer, audit: AuditLog) {
  const isAct = description.path.startsWith('/v1/admin/') && isAudited(description);
  if (!isAct || event.isSettled || answer.status >= 400) return;
  await audit.record(event.ended('success'));
  event.settle();
}

/** Problems of who has shown what is right, and is asked for more. */
const challenges = new Set(['mfa_required', 'mfa_enrollment_required', 'password_change_required']);

/** Once the answer is on its way, so that nobody waits for it. What failed here is in the log of the service. */
export function noteEvent({ description }: Route, event: PendingAuditEvent, answer: Answer, audit: AuditLog): void {
  for (const further of event.further()) audit.note(further);
  const isNoted = isAudited(description) || answer.status === 403;
  if (!isNoted || event.isSettled || answer.status >= 500) return;
  const { code, pointer } = faultOf(answer);
  if (pointer !== undefined) event.about({ details: { pointer } });
  const isChallenge = code !== undefined && challenges.has(code);
  audit.note(event.ended(isChallenge ? 'challenge' : answer.status < 400 ? 'success' : 'failure', code));
}

/** The problem's word, and where in the body the fault is. */
function faultOf({ status, body }: Answer): { readonly code?: string; readonly pointer?: string } {
  if (status < 400 || typeof body !== 'object' || body === null) return {};
  const { type = '', errors = [] } = body as { type?: string; errors?: { pointer: string }[] };
  const pointer = errors[0]?.pointer;
  const code = type.split('/').at(-1)?.replaceAll('-', '_') ?? '';
  return { code, ...(pointer === undefined ? {} : { pointer }) };
}
