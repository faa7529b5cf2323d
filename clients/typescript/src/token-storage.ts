/** What a session consists of on the client's side. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** By this machine's clock. */
  readonly expiresAtMs: number;
}

/**
 * Where tokens are kept between requests. One that several clients share, a database say, sees each of them save; the
 * service takes concurrent refreshes of one session for one.
 */
export interface TokenStorage {
  load(): Promise<Tokens | undefined> | Tokens | undefined;
  /** Undefined: the session has ended. */
  save(tokens: Tokens | undefined): Promise<void> | void;
}

/** Gone with the page or the process. In a page, what a script can read it can also give away. */
export function memoryStorage(): TokenStorage {
  let kept: Tokens | undefined;
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
    },
  };
}
