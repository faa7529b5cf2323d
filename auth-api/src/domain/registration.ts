import type { PendingAuditEvent } from './audit.ts';
import type { MailQueue } from './mail.ts';
import type { Clock } from './ports/clock.ts';
import type { RateLimiter } from './ports/limits.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher, PasswordPolicy } from './ports/passwords.ts';
import type { UserProfile, UserStore } from './ports/users.ts';
import { usernameKey } from './username.ts';
import { uuidV7 } from './uuid.ts';

export interface Registration {
  /** What the account gets: a UUIDv7. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly locale: string | null;
  /** Language tags that the browser sent, the best first. */
  readonly languages: readonly string[];
  /** By which the client is limited; undefined where it cannot be told from others. */
  readonly clientNetwork: string | undefined;
  readonly signal?: AbortSignal;
  /** Written with the account. */
  readonly event?: PendingAuditEvent;
}

export type RegistrationOutcome =
  | { readonly kind: 'registered'; readonly profile: UserProfile }
  | { readonly kind: 'usernameTaken' }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'abandoned' }
  | Overloaded;

export interface RegistrationPorts {
  readonly users: UserStore;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly limits: RateLimiter;
  /** Undefined where this deployment sends no mail. */
  readonly mail: MailQueue | undefined;
  readonly clock: Clock;
}

/** Creates an account. */
export async function register(registration: Registration, ports: RegistrationPorts): Promise<RegistrationOutcome> {
  const { username, password, email, displayName, locale, clientNetwork, signal, event } = registration;
  const words = [username, email, displayName].filter((word) => word !== null);
  const decision = ports.passwordPolicy.decide(password, words);
  if (decision.kind === 'refused') return { kind: 'passwordRefused', reason: decision.reason };
  // Counted when a hash is about to be spent: mistakes in the form cost nothing.
  const limit =
    clientNetwork === undefined ? undefined : await ports.limits.take('registration_network', clientNetwork);
  if (limit?.kind === 'limited') return limit;
  const hashed = await ports.passwords.hash(password, signal === undefined ? {} : { signal });
  if (hashed.kind === 'tooLong') {
    return { kind: 'passwordRefused', reason: `must have at most ${hashed.maxBytes} bytes of UTF-8` };
  }
  if (hashed.kind !== 'hashed') return hashed;
  const nowMs = ports.clock.nowMs();
  const isVerifiable = email !== null && ports.mail !== undefined;
  const user = {
    id: registration.id,
    username,
    usernameKey: usernameKey(username),
    email,
    displayName,
    locale,
    passwordHash: hashed.hash,
    verification: isVerifiable ? { mailId: uuidV7(nowMs), languages: registration.languages } : undefined,
  };
  const created = await ports.users.create(user, event);
  return created.kind === 'created' ? { kind: 'registered', profile: created.profile } : created;
}
