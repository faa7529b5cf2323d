-- Up Migration

-- Ends a user's oldest sessions beside the one that is being opened, and tells which. Volatile: its statement sees what had
-- committed when it is called, and not only what had when the statement around it began. Called under the lock of the
-- user's row it sees the sessions of all logins that had that lock before. Whoever calls it needs the rights.
CREATE FUNCTION auth.end_surplus_sessions(of_user uuid, opened uuid, kept_beside integer) RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
BEGIN
  RETURN QUERY UPDATE auth.sessions e SET ended_at = now(), end_reason = 'too_many'
  WHERE e.ended_at IS NULL AND e.id = ANY (ARRAY(
    SELECT s.id FROM auth.sessions s
    WHERE s.user_id = of_user AND s.id <> opened AND s.ended_at IS NULL AND s.expires_at > now()
    ORDER BY s.created_at DESC OFFSET kept_beside
  ))
  RETURNING e.id;
END
$$;

-- Down Migration

DROP FUNCTION auth.end_surplus_sessions(uuid, uuid, integer);
