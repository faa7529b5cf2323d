import type { AuditOutcome } from './audit.ts';

/** Logins of one day (UTC) that ended the same way. */
export interface DayOfLogins {
  /** YYYY-MM-DD */
  readonly day: string;
  readonly outcome: AuditOutcome;
  /** Empty where there is none. */
  readonly error: string;
  readonly count: number;
}

export interface Statistics {
  readonly accounts: { readonly active: number; readonly disabled: number };
  readonly liveSessions: number;
  /** The youngest day first. */
  readonly logins: readonly DayOfLogins[];
}
