/** An account as it is imported: checked, with an id of its own. */
export interface ImportedAccount {
  readonly id: string;
  readonly username: string;
  /** The form by which user names are compared; see usernameKey. */
  readonly usernameKey: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly displayName: string | null;
  readonly locale: string | null;
  /** In a format that can be verified. Null: nobody can log in until the password has been reset. */
  readonly passwordHash: string | null;
  /** Names, each once. */
  readonly roles: readonly string[];
  readonly status: 'active' | 'disabled';
  /** What it was called where it comes from; the same account has the same at each import. */
  readonly externalId: string;
  /** Null: now. */
  readonly createdAt: Date | null;
}

export type ImportOutcome =
  | { readonly kind: 'created' }
  /** It was imported before. What it has become since is left alone. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'usernameTaken' }
  | { readonly kind: 'idTaken' }
  | { readonly kind: 'emailTaken' }
  | { readonly kind: 'unknownRoles'; readonly roles: readonly string[] }
  /** What was in its way is gone: once more may do. */
  | { readonly kind: 'inconclusive' };

export interface AccountImporter {
  /**
   * Creates those of a batch that are not there yet, all or none of them, and changes no other account.
   * @param accounts no two with the same id, user name or verified address
   * @param grantedBy who imports
   * @returns an outcome for each, in their order
   */
  importBatch(accounts: readonly ImportedAccount[], grantedBy: string): Promise<readonly ImportOutcome[]>;
}

/** An account as it is exported. */
export interface ExportedAccount extends Omit<ImportedAccount, 'usernameKey' | 'externalId' | 'createdAt'> {
  readonly externalId: string | null;
  readonly createdAt: Date;
}

export interface AccountExporter {
  /** Accounts in the order of their ids, those after one of them. What changes meanwhile may or may not be in it. */
  page(page: { readonly after: string | undefined; readonly limit: number }): Promise<readonly ExportedAccount[]>;
}

/** Where one at a time is let in. */
export interface Turn {
  /** Undefined where somebody has it; otherwise how to give it back. */
  tryTake(): (() => void) | undefined;
}
