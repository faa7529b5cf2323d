-- Up Migration

-- Who did what, and how it ended. No foreign keys: what was done outlives the accounts of those who did it.
CREATE TABLE auth.audit_events (
  id uuid NOT NULL,
  -- By the clock of the pod. In milliseconds, as JavaScript has them: a page begins exactly where one ended.
  occurred_at timestamptz(3) NOT NULL,
  type text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'failure', 'challenge')),
  error text,
  actor_id uuid,
  -- An OAuth client, where it was no user.
  actor_client text,
  subject_id uuid,
  session_id uuid,
  client_address inet,
  user_agent text,
  trace_id text,
  details jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (occurred_at, id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_events_type ON auth.audit_events (type, occurred_at, id);
CREATE INDEX audit_events_subject ON auth.audit_events (subject_id, occurred_at, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_events_actor ON auth.audit_events (actor_id, occurred_at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_unsuccessful ON auth.audit_events (outcome, occurred_at, id) WHERE outcome <> 'success';

-- What belongs to a month that has no partition: nothing is lost, and no login fails, where one was not made in time.
CREATE TABLE auth.audit_events_default PARTITION OF auth.audit_events DEFAULT;

-- The application may not change rows by its privileges (see migrate.ts). This holds where it owns the table, too.
CREATE FUNCTION auth.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON auth.audit_events
  FOR EACH ROW EXECUTE FUNCTION auth.refuse_audit_change();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON auth.audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_audit_change();

-- Makes the partitions of this month and the two after it, takes out of the default one what has a month by now, and
-- drops the oldest month if all of it is past its retention. With the rights of its owner, since the application may not
-- make tables; it waits for no lock longer than logins would notice. Tells how many were made and dropped.
CREATE FUNCTION auth.maintain_audit_events(retention_days integer, OUT created integer, OUT dropped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '300ms' AS $$
DECLARE
  month timestamptz;
  partition text;
  expired text;
BEGIN
  created := 0;
  dropped := 0;
  -- Whoever has taken over the application must not empty the log by asking for it.
  IF retention_days IS NULL OR retention_days < 30 THEN
    RAISE EXCEPTION 'audit events are kept for 30 days or more, not %', retention_days;
  END IF;
  -- Whoever comes meanwhile has nothing to do.
  IF NOT pg_try_advisory_xact_lock(hashtext('auth.maintain_audit_events')) THEN
    RETURN;
  END IF;
  -- Read to its end before the table that it is about is altered.
  FOREACH month IN ARRAY ARRAY(
    SELECT date_trunc('month', now()) + make_interval(months => ahead) FROM generate_series(0, 2) AS ahead
    UNION
    (SELECT DISTINCT date_trunc('month', d.occurred_at) AS stray FROM auth.audit_events_default d ORDER BY stray LIMIT 12)
  ) LOOP
    partition := 'audit_events_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass('auth.' || partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE auth.%I (LIKE auth.audit_events INCLUDING ALL)', partition);
    IF EXISTS (
      SELECT FROM auth.audit_events_default d
      WHERE d.occurred_at >= month AND d.occurred_at < month + interval '1 month'
    ) THEN
      ALTER TABLE auth.audit_events_default DISABLE TRIGGER audit_events_append_only;
      EXECUTE format(
        'WITH moved AS (DELETE FROM auth.audit_events_default WHERE occurred_at >= $1 AND occurred_at < $2 RETURNING *)
         INSERT INTO auth.%I SELECT * FROM moved', partition) USING month, month + interval '1 month';
      ALTER TABLE auth.audit_events_default ENABLE TRIGGER audit_events_append_only;
    END IF;
    EXECUTE format('ALTER TABLE auth.audit_events ATTACH PARTITION auth.%I FOR VALUES FROM (%L) TO (%L)',
      partition, month, month + interval '1 month');
    created := created + 1;
  END LOOP;
  SELECT c.relname INTO expired
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'auth.audit_events'::regclass AND c.relname ~ '^audit_events_\d{4}_\d{2}$'
    AND to_timestamp(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= now() - make_interval(days => retention_days)
  ORDER BY c.relname LIMIT 1;
  IF expired IS NOT NULL THEN
    EXECUTE format('DROP TABLE auth.%I', expired);
    dropped := 1;
  END IF;
END
$$;
REVOKE ALL ON FUNCTION auth.maintain_audit_events(integer) FROM PUBLIC;
SELECT auth.maintain_audit_events(365);

-- Logins of each day that is over, counted once. A day without any has one row that counts 0.
CREATE TABLE auth.login_counts (
  day date NOT NULL,
  outcome text NOT NULL,
  -- Empty where there is none.
  error text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (day, outcome, error)
);

INSERT INTO auth.permissions (id, name, description)
VALUES ('01900000-0000-7000-8000-000000000007', 'authcluster.audit.read', 'See and export the audit log');
INSERT INTO auth.role_permissions (role_id, permission_id)
VALUES ('01900000-0000-7000-8000-000000000100', '01900000-0000-7000-8000-000000000007');
-- Administrators have it at once, also where their permissions are cached.
WITH raised AS (
  UPDATE auth.cache_versions SET version = version + 1 WHERE type IN ('role_definitions', 'user_permissions')
  RETURNING type, version
)
INSERT INTO auth.outbox (kind, targets)
SELECT 'permission_change', jsonb_agg(jsonb_build_object('type', type, 'version', version)) FROM raised
ON CONFLICT (sequence) DO UPDATE SET targets = auth.outbox.targets || excluded.targets;

-- Down Migration

DELETE FROM auth.permissions WHERE name = 'authcluster.audit.read';
DROP TABLE auth.login_counts, auth.audit_events;
DROP FUNCTION auth.maintain_audit_events(integer), auth.refuse_audit_change();
