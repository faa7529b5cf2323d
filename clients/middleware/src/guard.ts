import { verifyAccessToken } from './access-token.ts';
import type { AuthOptions, Holder } from './auth.ts';
import { remoteKeySet } from './key-set.ts';
import { createQuestions } from './questions.ts';
import { forbidden, type Refusal, unauthenticated, unavailable } from './refusal.ts';

export type Requirement =
  | { readonly kind: 'authenticated' }
  /** Who shows no token is let in as nobody; who shows one that is not good is not. */
  | { readonly kind: 'optional' }
  | { readonly kind: 'oneOfRoles'; readonly roles: readonly string[] }
  | { readonly kind: 'allPermissions'; readonly permissions: readonly string[] };

export type Decision =
  /** Nobody where no token was shown, which is optional then. */
  | { readonly kind: 'admitted'; readonly holder: Holder | undefined }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Decides on an Authorization header. Never rejects: where something needed is away, the decision is 503. */
export type Guard = (authorization: string | undefined, requirement: Requirement) => Promise<Decision>;

export function createGuard(options: AuthOptions, nowMs: () => number = Date.now): Guard {
  const { issuer, audience = issuer, clockToleranceSeconds = 5, cacheSeconds = 5, timeoutMs = 2000 } = options;
  const { introspection, acceptServices = false, onUnavailable = () => {} } = options;
  const send: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const baseUrl = (options.baseUrl ?? issuer).replace(/\/+$/, '');
  const url = new URL(`${baseUrl}/.well-known/jwks.json`);
  const keys = remoteKeySet({ url, fetch: send, timeoutMs, nowMs });
  const accessTokens = { issuer, audience, clockToleranceSeconds, acceptServices, keys };
  const questions = createQuestions({
    baseUrl,
    fetch: send,
    timeoutMs,
    cacheSeconds,
    nowMs,
    ...(introspection && { introspection }),
  });

  async function decide(authorization: string | undefined, requirement: Requirement): Promise<Decision> {
    const token = bearerToken(authorization);
    if (token === undefined)
      return requirement.kind === 'optional' ? admitted(undefined) : refused(unauthenticated(false));
    const holder = await verifyAccessToken(token, accessTokens);
    if (holder === undefined) return refused(unauthenticated(true));
    if (introspection !== undefined && !(await questions.isActive(token))) return refused(unauthenticated(true));
    switch (requirement.kind) {
      case 'authenticated':
      case 'optional':
        return admitted(holder);
      case 'oneOfRoles':
        // Services have none.
        return requirement.roles.some((role) => holder.auth?.roles.includes(role))
          ? admitted(holder)
          : refused(forbidden('The role for this is missing'));
      case 'allPermissions': {
        const answer = await questions.holds(token, requirement.permissions);
        if (answer === 'tokenRefused') return refused(unauthenticated(true));
        return answer === 'held' ? admitted(holder) : refused(forbidden('The permission for this is missing'));
      }
    }
  }

  return (authorization, requirement) =>
    decide(authorization, requirement).catch((error: unknown) => {
      onUnavailable(error);
      return refused(unavailable());
    });
}

/** RFC 6750 section 2.1. */
function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function admitted(holder: Holder | undefined): Decision {
  return { kind: 'admitted', holder };
}

function refused(refusal: Refusal): Decision {
  return { kind: 'refused', refusal };
}

export function oneOfRoles(roles: readonly string[]): Requirement {
  return { kind: 'oneOfRoles', roles: some(roles) };
}

export function allPermissions(permissions: readonly string[]): Requirement {
  return { kind: 'allPermissions', permissions: some(permissions) };
}

/** All of none would be held by everybody. */
function some(names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new RangeError('name what is required');
  return names;
}
