import type { PendingAuditEvent } from './audit.ts';
import type { Page } from './ports/page.ts';
import type { Taking, UserProfile } from './ports/users.ts';

/** What administrators see and change. Everything is asked of the primary. */

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  /** Who has the role cannot log in without a second factor. */
  readonly requiresSecondFactor: boolean;
}

export interface Permission {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface NamedThing {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Has every permission of the service itself, and cannot be deleted. */
export const administratorRole = 'administrator';

/** With too many roles an account would have access tokens that are taken nowhere; see isRoleListTooLong. */
export type RoleGrant = 'done' | 'notFound' | 'tooManyRoles';

/**
 * Changes tell whether there was what they name. Doing again what is done already is no fault. Each is written in one
 * transaction with the event that tells of it.
 */
export interface RoleStore {
  /** @param sessionId who asks, and sees what it has written */
  listRoles(page: Page, sessionId: string): Promise<readonly Role[]>;
  createRole(role: NamedThing, act: PendingAuditEvent): Promise<'created' | 'nameTaken'>;
  findRole(id: string): Promise<Role | undefined>;
  deleteRole(name: string, act: PendingAuditEvent): Promise<Taking>;
  setSecondFactorRequired(role: string, isRequired: boolean, act: PendingAuditEvent): Promise<boolean>;
  addPermission(role: string, permission: string, act: PendingAuditEvent): Promise<boolean>;
  removePermission(role: string, permission: string, act: PendingAuditEvent): Promise<Taking>;
  listPermissions(page: Page): Promise<Permission[]>;
  createPermission(permission: NamedThing, act: PendingAuditEvent): Promise<'created' | 'nameTaken'>;
  findPermission(id: string): Promise<Permission | undefined>;
  deletePermission(name: string, act: PendingAuditEvent): Promise<boolean>;
  grantRole(userId: string, role: string, grantedBy: string | undefined, act: PendingAuditEvent): Promise<RoleGrant>;
  revokeRole(userId: string, role: string, act: PendingAuditEvent): Promise<Taking>;
  grantPermission(userId: string, permission: string, grantedBy: string, act: PendingAuditEvent): Promise<boolean>;
  revokePermission(userId: string, permission: string, act: PendingAuditEvent): Promise<Taking>;
  /** Who is disabled is none. */
  hasAdministrator(): Promise<boolean>;
}

export interface Account extends UserProfile {
  readonly status: 'active' | 'disabled';
  readonly lastLoginAt: Date | null;
  /** The next login sets another password. */
  readonly isPasswordChangeRequired: boolean;
}

/** What accounts are to be found, in the order of what they are found by. */
export type AccountSearch =
  | { readonly by: 'all'; readonly value?: undefined }
  /** By the beginning of the user name, in the form by which names are compared. */
  | { readonly by: 'username'; readonly value: string }
  /** By the beginning of the address, whatever its case. */
  | { readonly by: 'email'; readonly value: string }
  | { readonly by: 'role'; readonly value: string }
  | { readonly by: 'status'; readonly value: Account['status'] };

/** Where a page of a search ended. */
export interface AccountPosition {
  /** The text by which the search is ordered; empty where that is ids alone. */
  readonly key: string;
  readonly id: string;
}

export interface AccountPage {
  readonly accounts: readonly Account[];
  /** Undefined where there are no more. */
  readonly end: AccountPosition | undefined;
}

export interface AccountDirectory {
  search(
    search: AccountSearch,
    page: { readonly after: AccountPosition | undefined; readonly limit: number },
  ): Promise<AccountPage>;
  find(userId: string): Promise<Account | undefined>;
  /** Disabling ends every session with it. */
  setStatus(userId: string, status: Account['status'], act: PendingAuditEvent): Promise<Taking>;
  /**
   * Logins that have begun, and tokens that were mailed, end with it; sessions do if that is asked for. False where there
   * is no such account.
   */
  requirePasswordChange(
    userId: string,
    options: { readonly endsSessions: boolean },
    act: PendingAuditEvent,
  ): Promise<boolean>;
  stopRequiringPasswordChange(userId: string, act: PendingAuditEvent): Promise<boolean>;
}
