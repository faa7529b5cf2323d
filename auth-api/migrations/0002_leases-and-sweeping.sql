-- Up Migration

-- What one pod at a time does. A row and not an advisory lock, which would be lost in PgBouncer's transaction mode.
CREATE TABLE auth.leases (
  name text PRIMARY KEY,
  holder uuid,
  expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO auth.leases (name) VALUES ('invalidation_relay'), ('sweeper');

-- How many sessions a user has, without walking over those that ended.
CREATE INDEX sessions_not_ended ON auth.sessions (user_id, created_at) WHERE ended_at IS NULL;

-- For the sweeper. BRIN: rows come in about this order, and an update of an indexed time stays within its page.
CREATE INDEX sessions_expires_at ON auth.sessions USING brin (expires_at);
CREATE INDEX sessions_ended_at ON auth.sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX refresh_tokens_created_at ON auth.refresh_tokens USING brin (created_at);

-- Down Migration

DROP INDEX auth.refresh_tokens_created_at, auth.sessions_ended_at, auth.sessions_expires_at, auth.sessions_not_ended;
DROP TABLE auth.leases;
