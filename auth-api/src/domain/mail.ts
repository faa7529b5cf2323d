/** What is written to people. Each name is that of its templates, too. */
export const mailTemplates = ['reset_password', 'verify_email', 'password_changed', 'email_changed'] as const;

export type MailTemplate = (typeof mailTemplates)[number];

/** A request for mail: what to write, and to whom. */
export type QueuedMail = {
  /** A UUIDv7. */
  readonly id: string;
  /** Language tags that the browser sent, the best first. */
  readonly languages: readonly string[];
} & (
  | { readonly template: 'reset_password'; readonly identifierKey: string }
  | { readonly template: 'verify_email'; readonly userId: string }
);

/** Takes mail that is to be sent; who asks learns nothing of how that ends. */
export interface MailQueue {
  enqueue(mail: QueuedMail): Promise<void>;
}

/** Mail whose turn it is. Nobody else gets it until its next attempt is due. */
export interface DueMail {
  readonly id: string;
  readonly template: MailTemplate;
  readonly to: { readonly identifierKey: string } | { readonly userId: string; readonly recipient: string | null };
  readonly languages: readonly string[];
  readonly ageSeconds: number;
}

/** What must be known to write to an account. */
export interface MailRecipient {
  readonly userId: string;
  readonly username: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly locale: string | null;
  readonly credentialVersion: number;
}

/** However often mail failed, it is tried again after so long. */
export const longestMailRetrySeconds = 3600;

export interface MailOutbox extends MailQueue {
  claim(limit: number): Promise<DueMail[]>;
  /** Replaces a request by one for each active account with this user name or this verified address. */
  replaceByAccounts(mail: DueMail, identifierKey: string): Promise<void>;
  /** Undefined where the account is gone or disabled. */
  findRecipient(userId: string): Promise<MailRecipient | undefined>;
  /** It has been sent, or will never be. */
  remove(mailId: string): Promise<void>;
}

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface OutgoingMail extends RenderedMail {
  /** The same for each attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly template: MailTemplate;
  readonly to: string;
  readonly language: string;
  /** What the templates are filled with: for receivers that write their own texts. */
  readonly values: Readonly<Record<string, string>>;
}

export interface MailTransport {
  /**
   * Rejects where another attempt may succeed.
   * @returns `rejected` where none will: there is no such mailbox
   */
  send(mail: OutgoingMail): Promise<'sent' | 'rejected'>;
}

export interface MailRenderer {
  /** @param languages the best first; another one where there is none of them */
  render(
    template: MailTemplate,
    languages: readonly string[],
    values: Readonly<Record<string, string>>,
  ): RenderedMail & { readonly language: string };
}
