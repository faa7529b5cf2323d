import type { PendingAuditEvent } from '../domain/audit.ts';
import type { IdempotencyKeys } from '../domain/idempotency.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { uuidV7 } from '../domain/uuid.ts';
import { type Answer, problem } from './problem.ts';

export interface Creation {
  /** Undefined: each request stands for itself. */
  readonly idempotencyKey: string | undefined;
  readonly scope: string;
  readonly body: unknown;
  /** None comes of a request that was carried out before. */
  readonly event: PendingAuditEvent;
  /** Creates what then has this id; 409 where that, or another of the same name, is there. */
  readonly create: (id: string) => Promise<Answer>;
  /** The answer for what is there with this id. */
  readonly show: (id: string) => Promise<Answer | undefined>;
}

/**
 * Answers a request to create something that a client repeats because it got no answer (Idempotency-Key). The key stands for
 * the id of what is created: whatever became of the first request, the thing with that id is there or it is not.
 */
export async function createOnce(
  { idempotencyKey: key, scope, body, event, create, show }: Creation,
  { clock, idempotencyKeys }: { readonly clock: Clock; readonly idempotencyKeys: IdempotencyKeys },
): Promise<Answer> {
  const id = uuidV7(clock.nowMs());
  if (key === undefined) return create(id);
  const claim = { scope, key, request: body, id };
  const claimed = await idempotencyKeys.claim(claim);
  if (claimed.kind === 'otherRequest') return problem('idempotency_key_reused');
  const before = claimed.kind === 'known' ? await show(claimed.id) : undefined;
  if (before !== undefined) return shownAgain(before, event);
  const answer = await create(claimed.id);
  // A request with the same key may have been faster.
  const other = answer.status === 409 ? await show(claimed.id) : undefined;
  if (other !== undefined) return shownAgain(other, event);
  if (answer.status !== 201 && claimed.kind === 'claimed') await idempotencyKeys.release(claim);
  return answer;
}

function shownAgain(answer: Answer, event: PendingAuditEvent): Answer {
  event.settle();
  return answer;
}
