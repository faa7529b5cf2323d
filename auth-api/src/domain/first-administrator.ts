import { administratorRole, type RoleGrant, type RoleStore } from './administration.ts';
import { type AuditLog, unknownOrigin } from './audit.ts';
import type { Clock } from './ports/clock.ts';
import type { PasswordHasher, PasswordPolicy } from './ports/passwords.ts';
import type { UserStore } from './ports/users.ts';
import { usernameKey, usernamePattern } from './username.ts';
import { uuidV7 } from './uuid.ts';

export interface FirstAdministratorPorts {
  readonly users: UserStore;
  readonly roles: RoleStore;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'begin'>;
}

export type FirstAdministratorOutcome =
  | { readonly kind: 'created' | 'granted' | 'notNeeded' | 'notNow' }
  /** These credentials never will be an administrator's. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Makes sure that there is somebody who can administer: where nobody active has the role, the account given gets it, and
 * is created if it is not there. Several pods may do this at once.
 */
export async function ensureFirstAdministrator(
  { username, password }: { readonly username: string; readonly password: string },
  ports: FirstAdministratorPorts,
): Promise<FirstAdministratorOutcome> {
  if (await ports.roles.hasAdministrator()) return { kind: 'notNeeded' };
  const key = usernameKey(username);
  const existing = await ports.users.findForLogin(key);
  if (existing !== undefined) {
    // Whoever registered the name first must not become administrator by that.
    const verified = await ports.passwords.verify(password, existing.passwordHash, { upgrade: false });
    if (verified.kind === 'mismatched') return refused('somebody else has the user name, with another password');
    if (verified.kind !== 'matched') return { kind: 'notNow' };
    // Somebody has decided that, perhaps long after this password was given.
    if (!existing.isActive) return refused('the account of that name is disabled: name another one');
    if ((await grant(existing.userId, ports)) === 'tooManyRoles') {
      return refused('the account of that name has too many roles to get another one: take some from it');
    }
    return { kind: 'granted' };
  }
  if (!usernamePattern.test(username)) {
    return refused('the user name must be 3 to 64 letters, digits or ._@+-, beginning with a letter or a digit');
  }
  const decision = ports.passwordPolicy.decide(password, [username]);
  if (decision.kind === 'refused') return refused(`the password ${decision.reason}`);
  const hashed = await ports.passwords.hash(password);
  if (hashed.kind === 'tooLong') return refused(`the password must have at most ${hashed.maxBytes} bytes of UTF-8`);
  if (hashed.kind !== 'hashed') return { kind: 'notNow' };
  const id = uuidV7(ports.clock.nowMs());
  const unknown = { email: null, displayName: null, locale: null, verification: undefined };
  const profile = { id, username, usernameKey: key, passwordHash: hashed.hash, ...unknown };
  // Another pod was first: the next try finds its account.
  if ((await ports.users.create(profile)).kind === 'usernameTaken') return { kind: 'notNow' };
  await grant(id, ports);
  return { kind: 'created' };
}

function grant(userId: string, { roles, audit }: FirstAdministratorPorts): Promise<RoleGrant> {
  const act = audit.begin('appoint_administrator', unknownOrigin);
  act.about({ subjectId: userId });
  return roles.grantRole(userId, administratorRole, undefined, act);
}

function refused(reason: string): FirstAdministratorOutcome {
  return { kind: 'refused', reason };
}
