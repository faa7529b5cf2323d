import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { AuditLog, PendingAuditEvent } from '../domain/audit.ts';
import type { PresentedClient } from '../domain/client-authentication.ts';
import { uuidPattern } from '../domain/uuid.ts';
import { auditOrigin } from './audited.ts';
import { addressOf } from './client-address.ts';
import type { Answer } from './problem.ts';

/** What the audit log will tell of a client's request. */
export function clientEvent(
  operation: string,
  request: IncomingMessage,
  { ports, trustedProxies }: { readonly ports: { readonly audit: AuditLog }; readonly trustedProxies: BlockList },
): PendingAuditEvent {
  const clientAddress = addressOf(request, trustedProxies);
  const userAgent = request.headers['user-agent']?.slice(0, 400);
  return ports.audit.begin(operation, auditOrigin({ clientAddress, userAgent }));
}

/** Who a request that is refused claims to be of. What cannot be an id of the registry may be a secret in the wrong place. */
export function tellPresented(event: PendingAuditEvent | undefined, presented: PresentedClient | undefined): void {
  if (presented === undefined) return;
  const { id } = presented;
  event?.about(uuidPattern.test(id) ? { details: { client_id: id } } : { presentedName: id });
}

/** Once the answer is on its way, so that no service waits for it. What failed here is in the log of the service. */
export function noteClientEvent(event: PendingAuditEvent, { status, body }: Answer, audit: AuditLog): void {
  if (event.isSettled || status >= 500) return;
  if (status < 400) audit.note(event.ended('success'));
  // As the routes tell it, of which one a minute tells of all.
  else if (status === 429) audit.note(event.ended('failure', 'too_many_requests'));
  else audit.note(event.ended('failure', (body as { readonly error?: string } | undefined)?.error));
}
