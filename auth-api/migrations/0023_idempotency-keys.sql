-- Up Migration

-- What was asked for under which Idempotency-Key, and the id that is, or was to be, created. Both as keyed hashes: a request
-- to create an account has a password.
CREATE TABLE auth.idempotency_keys (
  key_hash bytea PRIMARY KEY,
  request_hash bytea NOT NULL,
  created_id uuid NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_expires_at ON auth.idempotency_keys (expires_at);

-- Down Migration

DROP TABLE auth.idempotency_keys;
