import type { OAuthClient } from '../domain/ports/clients.ts';
import type { PasswordHasher } from '../domain/ports/passwords.ts';
import type { SessionStore } from '../domain/ports/sessions.ts';
import type { RefreshTokens } from '../domain/ports/tokens.ts';
import type { UserStore } from '../domain/ports/users.ts';

/** A part of a port; asking for the rest of it fails the test. */
export function portOf<Port extends object>(part: Partial<Port>): Port {
  return new Proxy(part as Port, {
    get: (target, name) => {
      if (name in target) return Reflect.get(target, name);
      throw new Error(`the test did not expect ${String(name)} to be asked for`);
    },
  });
}

export const users = (part: Partial<UserStore>) => portOf<UserStore>(part);
export const sessions = (part: Partial<SessionStore>) => portOf<SessionStore>(part);
export const passwords = (part: Partial<PasswordHasher>) => portOf<PasswordHasher>(part);

/** Tokens that can be read: `a`, `a'`, `a''`. */
export const readableRefreshTokens: RefreshTokens = {
  mint: () => 'minted',
  hash: (token) => Buffer.from(`hash of ${token}`),
  successor: (token) => `${token}'`,
};

/** A client of the registry. */
export const registeredClient: OAuthClient = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  name: 'shop',
  status: 'active',
  authentication: 'client_secret_basic',
  secretHashes: [],
  previousSecretExpiresAt: null,
  jwks: null,
  may: ['client_credentials'],
  permissions: [],
  grantId: '01890a5d-ac96-774b-bcce-b302099a8058',
  version: 1,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  lastUsedAt: new Date(0),
};
