-- Up Migration

-- Expand only: a release of the auth API runs beside the one before it, so nothing is renamed or dropped here.

CREATE TABLE auth.users (
  id uuid PRIMARY KEY,
  username text NOT NULL,
  -- The form by which names are compared: NFKC, lower case.
  username_key text NOT NULL UNIQUE,
  email text,
  display_name text,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  -- Counts changes of the profile.
  version bigint NOT NULL DEFAULT 1,
  -- Counts changes of the password: a login that verified an older one opens no session.
  credential_version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  -- Written at every login: no index, and room on each page for the new row.
  last_login_at timestamptz
) WITH (fillfactor = 80);

CREATE TABLE auth.credentials (
  user_id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  password_hash text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE auth.roles (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE auth.permissions (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE auth.role_permissions (
  role_id uuid NOT NULL REFERENCES auth.roles (id) ON DELETE CASCADE,
  permission_id uuid NOT NULL REFERENCES auth.permissions (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX role_permissions_permission_id ON auth.role_permissions (permission_id);

CREATE TABLE auth.user_roles (
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  role_id uuid NOT NULL REFERENCES auth.roles (id) ON DELETE CASCADE,
  granted_at timestamptz NOT NULL DEFAULT now(),
  granted_by uuid,
  PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_role_id ON auth.user_roles (role_id);

CREATE TABLE auth.user_permissions (
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  permission_id uuid NOT NULL REFERENCES auth.permissions (id) ON DELETE CASCADE,
  granted_at timestamptz NOT NULL DEFAULT now(),
  granted_by uuid,
  PRIMARY KEY (user_id, permission_id)
);
CREATE INDEX user_permissions_permission_id ON auth.user_permissions (permission_id);

CREATE TABLE auth.sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  -- Moves on with every refresh.
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text,
  client_address inet,
  user_agent text
) WITH (fillfactor = 80);
CREATE INDEX sessions_user_id ON auth.sessions (user_id, created_at);

-- Hashes only: whoever reads the table can use no token of it. Used tokens stay, to tell reuse from nonsense.
CREATE TABLE auth.refresh_tokens (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES auth.sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  successor_hash bytea
) WITH (fillfactor = 80);
CREATE INDEX refresh_tokens_session_id ON auth.refresh_tokens (session_id);

-- Cache invalidations, committed with the change that makes them necessary: one row for a transaction, ordered by its
-- id. Read below pg_snapshot_xmin, that order is final: whatever is below has been committed or rolled back.
CREATE TABLE auth.outbox (
  sequence bigint PRIMARY KEY DEFAULT pg_current_xact_id()::text::bigint,
  kind text NOT NULL CHECK (kind IN ('user_update', 'permission_change', 'session_logout')),
  -- [{"type", "id"} | {"type", "version"}]
  targets jsonb NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE auth.outbox_position (
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  forgotten_up_to bigint NOT NULL DEFAULT 0
);
INSERT INTO auth.outbox_position DEFAULT VALUES;

-- Raising a version invalidates a whole type.
CREATE TABLE auth.cache_versions (
  type text PRIMARY KEY,
  version bigint NOT NULL DEFAULT 1
);
INSERT INTO auth.cache_versions (type)
VALUES ('user_basic'), ('session'), ('user_permissions'), ('user_profile'), ('session_data'), ('role_definitions');

-- What the administration routes ask for, and a role that has all of it.
INSERT INTO auth.permissions (id, name, description) VALUES
  ('01900000-0000-7000-8000-000000000001', 'authcluster.users.read', 'See accounts and their sessions'),
  ('01900000-0000-7000-8000-000000000002', 'authcluster.users.write', 'Change accounts and end their sessions'),
  ('01900000-0000-7000-8000-000000000003', 'authcluster.roles.read', 'See roles and permissions'),
  ('01900000-0000-7000-8000-000000000004', 'authcluster.roles.write', 'Change roles and permissions, and grant them'),
  ('01900000-0000-7000-8000-000000000005', 'authcluster.operations.read', 'See circuit breakers and caches'),
  ('01900000-0000-7000-8000-000000000006', 'authcluster.operations.write', 'Reset circuit breakers and caches');
INSERT INTO auth.roles (id, name, description)
VALUES ('01900000-0000-7000-8000-000000000100', 'administrator', 'May administer this service');
INSERT INTO auth.role_permissions (role_id, permission_id)
SELECT '01900000-0000-7000-8000-000000000100', id FROM auth.permissions;

-- Down Migration

DROP TABLE auth.cache_versions, auth.outbox_position, auth.outbox, auth.refresh_tokens, auth.sessions, auth.user_permissions, auth.user_roles,
  auth.role_permissions, auth.permissions, auth.roles, auth.credentials, auth.users;
