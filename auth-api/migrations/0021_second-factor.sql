-- Up Migration

ALTER TABLE auth.roles ADD COLUMN requires_second_factor boolean NOT NULL DEFAULT false;

ALTER TABLE auth.sessions
  -- When somebody last showed who they are; null in sessions of the release before: not known.
  ADD COLUMN authenticated_at timestamptz,
  ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;

CREATE TABLE auth.second_factors (
  user_id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  -- Sealed with a key that the database does not have.
  secret bytea NOT NULL,
  -- A code of it has been shown: from then on logins ask for one.
  is_confirmed boolean NOT NULL DEFAULT false,
  -- A code counts once: later steps only (RFC 6238 section 5.2).
  last_used_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Hashes of random codes; each is deleted when it is used.
CREATE TABLE auth.recovery_codes (
  user_id uuid NOT NULL REFERENCES auth.second_factors (user_id) ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);

-- Logins whose password was right and that wait for a code.
CREATE TABLE auth.login_challenges (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  credential_version bigint NOT NULL,
  attempts_left integer NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX login_challenges_user_id ON auth.login_challenges (user_id);
CREATE INDEX login_challenges_expires_at ON auth.login_challenges (expires_at);

-- Down Migration

DROP TABLE auth.login_challenges, auth.recovery_codes, auth.second_factors;
ALTER TABLE auth.sessions DROP COLUMN has_second_factor, DROP COLUMN authenticated_at;
ALTER TABLE auth.roles DROP COLUMN requires_second_factor;
