import type { PendingAuditEvent } from '../audit.ts';
import type { ExpectedVersion } from './expected-version.ts';
import type { Page } from './page.ts';

/** What a client may ask for: tokens of its own (RFC 6749 section 4.4), about tokens, the end of tokens. */
export const clientAbilities = ['client_credentials', 'introspect', 'revoke'] as const;
export type ClientAbility = (typeof clientAbilities)[number];

export const clientAuthentications = ['client_secret_basic', 'private_key_jwt'] as const;

/** Public keys (RFC 7517), as they were checked when they were registered. */
export interface ClientKeySet {
  readonly keys: readonly { readonly kty: string; readonly kid: string }[];
}

export interface OAuthClient {
  readonly id: string;
  readonly name: string;
  readonly status: 'active' | 'disabled';
  readonly authentication: (typeof clientAuthentications)[number];
  /** Of the secrets that are good now: one, two while the one before still counts, none where there are keys. */
  readonly secretHashes: readonly Buffer[];
  readonly previousSecretExpiresAt: Date | null;
  readonly jwks: ClientKeySet | null;
  readonly may: readonly ClientAbility[];
  readonly permissions: readonly string[];
  /** What its access tokens live by; see LiveSessions. */
  readonly grantId: string;
  /** Counts the changes that administrators make; part of the ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface NewClient extends Pick<OAuthClient, 'id' | 'name' | 'may' | 'permissions'> {
  readonly credential: { readonly secretHash: Buffer } | { readonly jwks: ClientKeySet };
  readonly grantId: string;
}

export type ClientChange = Partial<Pick<OAuthClient, 'name' | 'status' | 'may' | 'permissions'>> & {
  readonly jwks?: ClientKeySet;
};

export interface UnknownPermissions {
  readonly kind: 'unknownPermissions';
  /** Where they stand in the list. */
  readonly indexes: readonly number[];
}

/** What came of something done to a client in a version that its reader knows. */
export type KnownClientOutcome = 'done' | 'notFound' | 'versionConflict';

/** Every method asks the primary. What changes something writes its event in the same transaction. */
export interface ClientStore {
  create(
    client: NewClient,
    act: PendingAuditEvent,
  ): Promise<{ readonly kind: 'created' | 'nameTaken' } | UnknownPermissions>;
  find(id: string): Promise<OAuthClient | undefined>;
  list(page: Page): Promise<readonly OAuthClient[]>;
  /** @param grantId another one, which ends the client's tokens; undefined: they live on */
  change(
    id: string,
    version: ExpectedVersion,
    change: ClientChange,
    grantId: string | undefined,
    act: PendingAuditEvent,
  ): Promise<
    | { readonly kind: 'changed'; readonly client: OAuthClient }
    | { readonly kind: 'versionConflict' | 'nameTaken' }
    | UnknownPermissions
  >;
  /** The secret of before counts for a while, the one before that no more. */
  replaceSecret(
    id: string,
    version: ExpectedVersion,
    replacement: {
      readonly secretHash: Buffer;
      readonly keepPreviousSeconds: number;
      /** Another one, which ends the client's tokens; undefined: they live on. */
      readonly grantId: string | undefined;
    },
    act: PendingAuditEvent,
  ): Promise<KnownClientOutcome>;
  delete(id: string, version: ExpectedVersion, act: PendingAuditEvent): Promise<KnownClientOutcome>;
  /** For people to read: written seldom, in its own time, and lost where that fails. */
  noteUse(id: string): void;
}
