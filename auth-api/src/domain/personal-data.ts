import type { AuditEvent, AuditLog, AuditPosition } from './audit.ts';

/** All that is kept about one person apart from the audit log. Neither hashes nor secrets. */
export interface PersonalData {
  readonly account: {
    readonly id: string;
    readonly username: string;
    readonly email: string | null;
    readonly isEmailVerified: boolean;
    readonly displayName: string | null;
    readonly locale: string | null;
    readonly status: 'active' | 'disabled';
    readonly externalId: string | null;
    readonly isPasswordChangeRequired: boolean;
    readonly createdAt: Date;
    readonly updatedAt: Date;
    readonly lastLoginAt: Date | null;
    readonly passwordChangedAt: Date;
  };
  readonly roles: readonly Grant[];
  readonly permissions: readonly Grant[];
  /** Those that have ended, too, until they are purged. */
  readonly sessions: readonly HeldSession[];
  readonly secondFactor:
    | { readonly isEnabled: boolean; readonly since: Date; readonly recoveryCodesLeft: number }
    | undefined;
  /** Mail that has yet to be sent: once it is, nothing is kept of it but its link. */
  readonly waitingMails: readonly { readonly template: string; readonly to: string | null; readonly since: Date }[];
  readonly mailedLinks: readonly { readonly purpose: string; readonly to: string; readonly expiresAt: Date }[];
}

export interface Grant {
  readonly name: string;
  readonly grantedAt: Date;
  /** Null where the service did it by itself, or an import. */
  readonly grantedBy: string | null;
}

export interface HeldSession {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly hasSecondFactor: boolean;
}

export interface PersonalDataStore {
  /** Undefined where there is no such account. */
  find(userId: string): Promise<PersonalData | undefined>;
}

const pageSize = 500;

/** Every event about a person, and what they did to others, page by page. */
export async function* eventsOf(userId: string, audit: Pick<AuditLog, 'page'>, to: Date): AsyncGenerator<AuditEvent[]> {
  for (const filter of [{ subjectId: userId }, { actorId: userId }]) {
    let after: AuditPosition | undefined;
    do {
      const all = { type: undefined, subjectId: undefined, actorId: undefined, outcome: undefined, from: undefined };
      const events: readonly AuditEvent[] = await audit.page({ ...all, ...filter, to }, after, pageSize);
      // What somebody did to themselves has been told.
      yield events
        .filter(({ subjectId }) => 'subjectId' in filter || subjectId !== userId)
        .map((one) => own(one, userId));
      after = events.length < pageSize ? undefined : events.at(-1);
    } while (after !== undefined);
  }
}

/** What somebody else or a service did is told, and not from where: that is theirs. */
function own(event: AuditEvent, userId: string): AuditEvent {
  const isOfNobody = event.actorId === undefined && event.actorClient === undefined;
  if (isOfNobody || event.actorId === userId) return event;
  const unknown = { clientAddress: undefined, userAgent: undefined, traceId: undefined, sessionId: undefined };
  return { ...event, ...unknown };
}
