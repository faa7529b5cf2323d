-- Up Migration

-- Nullable and without a default: no row is rewritten.
ALTER TABLE auth.users
  -- A language tag (BCP 47): in which language somebody is written to.
  ADD COLUMN locale text,
  -- The address as it was verified. It counts only while `email` is the same: the release before this one, which may
  -- still run, changes `email` alone.
  ADD COLUMN verified_email text,
  -- The form by which verified addresses are compared; see addressKey.
  ADD COLUMN verified_email_key text;
-- Only who has shown that mail reaches them can keep others from an address.
CREATE UNIQUE INDEX users_verified_email_key ON auth.users (verified_email_key) WHERE verified_email_key IS NOT NULL;

-- What was mailed to whom. Hashes only; a change of the password makes all of an account's tokens worthless.
CREATE TABLE auth.account_tokens (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('reset_password', 'verify_email')),
  -- Where it was sent: worth nothing once the account has another address.
  email text NOT NULL,
  credential_version bigint NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX account_tokens_user_id ON auth.account_tokens (user_id);
CREATE INDEX account_tokens_expires_at ON auth.account_tokens (expires_at);

-- Mail to be sent. Claimed by moving next_attempt_at on: whoever dies while sending loses nothing.
CREATE TABLE auth.mail_outbox (
  id uuid PRIMARY KEY,
  template text NOT NULL,
  -- What somebody typed to get back in, whether or not there is such an account; replaced by rows for the accounts.
  identifier_key text,
  user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
  -- Where it must go to another address than the account has now.
  recipient text,
  -- What the browser prefers, the best first.
  languages text[] NOT NULL DEFAULT '{}',
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((identifier_key IS NULL) <> (user_id IS NULL))
);
CREATE INDEX mail_outbox_next_attempt_at ON auth.mail_outbox (next_attempt_at);
CREATE INDEX mail_outbox_user_id ON auth.mail_outbox (user_id);

-- Down Migration

DROP TABLE auth.mail_outbox, auth.account_tokens;
ALTER TABLE auth.users DROP COLUMN verified_email_key, DROP COLUMN verified_email, DROP COLUMN locale;
