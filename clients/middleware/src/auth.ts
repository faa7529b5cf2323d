/** Who is behind a request, as its access token says. */
export interface Auth {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** When the user last showed who they are. */
  readonly authenticatedAt: Date;
  /** Whether that was with a second factor. */
  readonly hasSecondFactor: boolean;
  readonly tokenId: string;
  readonly expiresAt: Date;
}

/** A service behind a request, with a token that it got for itself (the client credentials grant). */
export interface ServiceAuth {
  /** Of the registry of clients. */
  readonly clientId: string;
  /** Names of the permissions that the token is for. */
  readonly scopes: readonly string[];
  readonly tokenId: string;
  readonly expiresAt: Date;
}

/** Whose token it is: never both. */
export type Holder =
  | { readonly auth: Auth; readonly service?: undefined }
  | { readonly auth?: undefined; readonly service: ServiceAuth };

export interface AuthOptions {
  /** As tokens name it, and where the service is: `https://auth.example.com`. */
  readonly issuer: string;
  /** Whom tokens must be for (`aud`). By default, the issuer. */
  readonly audience?: string;
  /** Where the service is reached, if that is not the issuer: inside of the cluster, say. */
  readonly baseUrl?: string;
  /**
   * Also lets in services with tokens of their own, as `request.service`; `request.auth` is not set then. By default,
   * only users are.
   */
  readonly acceptServices?: boolean;
  /** By how much clocks may differ. By default 5. */
  readonly clockToleranceSeconds?: number;
  /**
   * Asks the service whether the session still lives (RFC 7662), with the credentials of a client. Left out, a token
   * is good until it expires.
   */
  readonly introspection?: { readonly clientId: string; readonly clientSecret: string };
  /** How long an answer about a token is believed, of introspection or of a permission. By default 5; 0: not at all. */
  readonly cacheSeconds?: number;
  /** How long a question to the service may take, in milliseconds. By default 2,000. */
  readonly timeoutMs?: number;
  /** Told of what keeps tokens from being checked, while requests are answered with 503: for a log. */
  readonly onUnavailable?: (error: unknown) => void;
  /** Asks the service. By default the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Something needed for a decision cannot be had now. Nobody is let in. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}
