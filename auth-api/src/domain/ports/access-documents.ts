import type { AccessDifference, AccessDocument, AccessNames } from '../access-document.ts';
import type { PendingAuditEvent } from '../audit.ts';

/** All that may be granted, at a time when nobody else changes it. */
export interface HeldAccess {
  readonly present: AccessDocument;
  /** Those of the names that somebody has. None of them is granted to anybody from now on. */
  granted(names: AccessNames): Promise<AccessNames>;
  /** Whether an account that is not disabled has a permission, by one of the roles or directly. */
  isHeld(permission: string, roles: readonly string[]): Promise<boolean>;
  write(difference: AccessDifference): Promise<void>;
}

export interface AccessDocuments {
  /** With the permissions of the service itself. */
  read(): Promise<AccessDocument>;
  granted(names: AccessNames): Promise<AccessNames>;
  /** One transaction, in which the act is recorded if anything was written. */
  hold<Outcome>(act: PendingAuditEvent, body: (held: HeldAccess) => Promise<Outcome>): Promise<Outcome>;
}
