import {
  type DueMail,
  longestMailRetrySeconds,
  type MailOutbox,
  type MailRecipient,
  type MailTemplate,
  type QueuedMail,
} from '../../domain/mail.ts';
import type { Database, Statement } from './database.ts';

const insertMail: Statement = {
  name: 'insert_mail',
  text: `INSERT INTO auth.mail_outbox (id, template, identifier_key, user_id, languages) VALUES ($1, $2, $3, $4, $5)`,
};

/** Tells an account of its new password; nothing for an address that was never verified. */
export const insertPasswordNotice: Statement = {
  name: 'insert_password_notice',
  text: `INSERT INTO auth.mail_outbox (id, template, user_id)
    SELECT gen_random_uuid(), 'password_changed', id FROM auth.users WHERE id = $1 AND verified_email = email`,
};

/** Longer than an attempt takes; each failure doubles the wait, up to the longest. */
const claimMail: Statement = {
  name: 'claim_mail',
  text: `UPDATE auth.mail_outbox o SET attempts = o.attempts + 1,
      next_attempt_at = now() + make_interval(secs => least($3::float8, $2::float8 * 2 ^ least(o.attempts, 12)))
    FROM (
      SELECT id FROM auth.mail_outbox WHERE next_attempt_at <= now()
      ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
    ) due
    WHERE o.id = due.id
    RETURNING o.id, o.template, o.identifier_key, o.user_id, o.recipient, o.languages,
      extract(epoch FROM now() - o.created_at)::float8 AS age_seconds`,
};

/** A name may be one account's user name and another's address. */
const replaceByAccounts: Statement = {
  name: 'replace_mail_by_accounts',
  text: `WITH request AS (
      DELETE FROM auth.mail_outbox WHERE id = $1 RETURNING template, languages, created_at
    ), accounts AS (
      SELECT id FROM auth.users WHERE username_key = $2 AND status = 'active'
      UNION
      SELECT id FROM auth.users WHERE verified_email_key = $2 AND verified_email = email AND status = 'active'
    )
    INSERT INTO auth.mail_outbox (id, template, user_id, languages, created_at)
    SELECT gen_random_uuid(), r.template, a.id, r.languages, r.created_at FROM request r CROSS JOIN accounts a`,
};

const selectRecipient: Statement = {
  name: 'select_mail_recipient',
  text: `SELECT username, email, coalesce(verified_email = email, false) AS is_email_verified, locale, credential_version
    FROM auth.users WHERE id = $1 AND status = 'active'`,
};

const deleteMail: Statement = { name: 'delete_mail', text: 'DELETE FROM auth.mail_outbox WHERE id = $1' };

interface DueRow {
  id: string;
  template: MailTemplate;
  identifier_key: string | null;
  user_id: string | null;
  recipient: string | null;
  languages: string[];
  age_seconds: number;
}

interface RecipientRow {
  username: string;
  email: string | null;
  is_email_verified: boolean;
  locale: string | null;
  /** bigint: node-pg gives a string. */
  credential_version: string;
}

export class PostgresMailOutbox implements MailOutbox {
  readonly #primary: Database;
  readonly #retrySeconds: number;

  constructor(primary: Database, { retrySeconds }: { readonly retrySeconds: number }) {
    this.#primary = primary;
    this.#retrySeconds = retrySeconds;
  }

  async enqueue(mail: QueuedMail): Promise<void> {
    const identifierKey = 'identifierKey' in mail ? mail.identifierKey : null;
    const userId = 'userId' in mail ? mail.userId : null;
    await this.#primary.query(insertMail, [mail.id, mail.template, identifierKey, userId, mail.languages]);
  }

  async claim(limit: number): Promise<DueMail[]> {
    const values = [limit, this.#retrySeconds, longestMailRetrySeconds];
    return (await this.#primary.query<DueRow>(claimMail, values)).map(dueMail);
  }

  async replaceByAccounts(mail: DueMail, identifierKey: string): Promise<void> {
    await this.#primary.query(replaceByAccounts, [mail.id, identifierKey]);
  }

  async findRecipient(userId: string): Promise<MailRecipient | undefined> {
    const [row] = await this.#primary.query<RecipientRow>(selectRecipient, [userId]);
    if (row === undefined) return undefined;
    return {
      userId,
      username: row.username,
      email: row.email,
      isEmailVerified: row.is_email_verified,
      locale: row.locale,
      credentialVersion: Number(row.credential_version),
    };
  }

  async remove(mailId: string): Promise<void> {
    await this.#primary.query(deleteMail, [mailId]);
  }
}

function dueMail(row: DueRow): DueMail {
  const { id, template, languages, recipient, age_seconds: ageSeconds } = row;
  if (row.identifier_key !== null)
    return { id, template, languages, ageSeconds, to: { identifierKey: row.identifier_key } };
  if (row.user_id === null) throw new Error(`mail ${id} is for nobody`);
  return { id, template, languages, ageSeconds, to: { userId: row.user_id, recipient } };
}
