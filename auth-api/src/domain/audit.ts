import type { Clock } from './ports/clock.ts';
import { uuidV7 } from './uuid.ts';

/** `challenge`: what was shown is right, and something more is asked for. */
export const auditOutcomes = ['success', 'failure', 'challenge'] as const;

export type AuditOutcome = (typeof auditOutcomes)[number];

/** What is told beside the operations of the API. */
export const furtherAuditTypes = {
  account_locked: 'An account is locked for a while after wrong passwords',
  appoint_administrator: 'The first administrator was given the role',
} as const;

/** What OAuth clients do, which are no users. */
export const clientAuditTypes = {
  token: 'A service got an access token of its own, or was refused one',
  revoke: 'A service ended the session of a token, or was refused to',
} as const;

type FurtherAuditType = keyof typeof furtherAuditTypes;
type Detail = string | number | boolean;

export interface AuditOrigin {
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly traceId: string | undefined;
}

/** Who did what to whom, and how that ended. Ids of accounts and names of roles: no names of people, and no secrets. */
export interface AuditEvent extends AuditOrigin {
  /** A UUIDv7. */
  readonly id: string;
  readonly occurredAt: Date;
  /** An operation of the API, or one of furtherAuditTypes. */
  readonly type: string;
  readonly outcome: AuditOutcome;
  /** A word for why it failed. */
  readonly error: string | undefined;
  readonly actorId: string | undefined;
  /** An OAuth client, where it was no user. */
  readonly actorClient: string | undefined;
  /** Whose account it is about. */
  readonly subjectId: string | undefined;
  readonly sessionId: string | undefined;
  readonly details: Readonly<Record<string, Detail>>;
}

export interface AuditFacts {
  readonly actorId?: string;
  readonly actorClient?: string;
  readonly subjectId?: string;
  readonly sessionId?: string;
  readonly error?: string;
  /** What was typed where no account is known by it: kept as a keyed hash, since it may be a password. */
  readonly presentedName?: string;
  readonly details?: Readonly<Record<string, Detail>>;
}

export interface AuditEventOptions {
  readonly type: string;
  readonly origin: AuditOrigin;
  readonly clock: Clock;
  readonly hashName: (name: string) => string;
}

/** What a request will have done, told as it becomes known. */
export class PendingAuditEvent {
  readonly #options: AuditEventOptions;
  readonly #id: string;
  readonly #occurredAt: Date;
  readonly #also: FurtherAuditType[] = [];
  #facts: AuditFacts = {};
  #isSettled = false;

  constructor(options: AuditEventOptions) {
    const nowMs = options.clock.nowMs();
    this.#options = options;
    this.#id = uuidV7(nowMs);
    this.#occurredAt = new Date(nowMs);
  }

  /** It is in the log already, or not to come into it. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  about(facts: AuditFacts): void {
    this.#facts = { ...this.#facts, ...facts, details: { ...this.#facts.details, ...facts.details } };
  }

  /** Something else that came of the same request. */
  also(type: FurtherAuditType): void {
    this.#also.push(type);
  }

  settle(): void {
    this.#isSettled = true;
  }

  /** @param error where the facts tell none */
  ended(outcome: AuditOutcome, error?: string): AuditEvent {
    const { type, origin, hashName } = this.#options;
    const { actorId, actorClient, subjectId, sessionId, presentedName, details = {} } = this.#facts;
    const isNameTold = presentedName !== undefined && subjectId === undefined;
    return {
      ...origin,
      id: this.#id,
      occurredAt: this.#occurredAt,
      type,
      outcome,
      error: outcome === 'failure' ? (this.#facts.error ?? error) : undefined,
      actorId,
      actorClient,
      subjectId,
      sessionId,
      details: isNameTold ? { ...details, name_hash: hashName(presentedName) } : details,
    };
  }

  further(): AuditEvent[] {
    const event = this.ended('success');
    const nowMs = this.#occurredAt.getTime();
    return this.#also.map((type) => ({ ...event, id: uuidV7(nowMs), type, actorId: undefined, details: {} }));
  }
}

export interface AuditFilter {
  readonly type: string | undefined;
  readonly subjectId: string | undefined;
  readonly actorId: string | undefined;
  readonly outcome: AuditOutcome | undefined;
  /** Included. */
  readonly from: Date | undefined;
  /** Excluded. */
  readonly to: Date | undefined;
}

/** Where a page ended. */
export interface AuditPosition {
  readonly occurredAt: Date;
  readonly id: string;
}

/** The log. What is in it is never changed. */
export interface AuditLog {
  begin(type: string, origin: AuditOrigin): PendingAuditEvent;
  /** Written soon, with others. Never fails: what cannot be kept is counted. */
  note(event: AuditEvent): void;
  /** Written when it resolves. */
  record(event: AuditEvent): Promise<void>;
  /** The youngest first. */
  page(filter: AuditFilter, after: AuditPosition | undefined, limit: number): Promise<readonly AuditEvent[]>;
}

export const unknownOrigin: AuditOrigin = { clientAddress: undefined, userAgent: undefined, traceId: undefined };
