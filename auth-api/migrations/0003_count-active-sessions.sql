-- Up Migration

-- The metric active_sessions counts what has neither ended nor expired.
CREATE INDEX sessions_active ON auth.sessions (expires_at) WHERE ended_at IS NULL;

-- Down Migration

DROP INDEX auth.sessions_active;
