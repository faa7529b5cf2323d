-- Up Migration

-- Services that ask for tokens of their own, or about those of others.
CREATE TABLE auth.clients (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  authentication text NOT NULL CHECK (authentication IN ('client_secret_basic', 'private_key_jwt')),
  -- Hashes of random secrets: whoever reads the table can use none of it.
  secret_hash bytea,
  previous_secret_hash bytea,
  previous_secret_expires_at timestamptz,
  -- Public keys (RFC 7517).
  jwks jsonb,
  -- client_credentials, introspect, revoke
  may text[] NOT NULL,
  -- What the client's access tokens live by, as those of users live by a session; another one ends them.
  grant_id uuid NOT NULL UNIQUE,
  -- Counts the changes that administrators make.
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  CHECK ((authentication = 'client_secret_basic') = (secret_hash IS NOT NULL)),
  CHECK ((authentication = 'private_key_jwt') = (jwks IS NOT NULL))
) WITH (fillfactor = 80);

CREATE TABLE auth.client_permissions (
  client_id uuid NOT NULL REFERENCES auth.clients (id) ON DELETE CASCADE,
  permission_id uuid NOT NULL REFERENCES auth.permissions (id) ON DELETE CASCADE,
  PRIMARY KEY (client_id, permission_id)
);
CREATE INDEX client_permissions_permission_id ON auth.client_permissions (permission_id);

INSERT INTO auth.permissions (id, name, description) VALUES
  ('01900000-0000-7000-8000-000000002901', 'authcluster.clients.read', 'See OAuth clients'),
  ('01900000-0000-7000-8000-000000002902', 'authcluster.clients.write', 'Change OAuth clients, and permit them things');
INSERT INTO auth.role_permissions (role_id, permission_id)
SELECT r.id, p.id FROM auth.roles r, auth.permissions p
WHERE r.name = 'administrator' AND p.name IN ('authcluster.clients.read', 'authcluster.clients.write');

-- Administrators have them at once, whatever is cached of what they had before.
UPDATE auth.cache_versions SET version = version + 1 WHERE type IN ('role_definitions', 'user_permissions');
INSERT INTO auth.outbox (kind, targets)
SELECT 'permission_change', jsonb_agg(jsonb_build_object('type', v.type, 'version', v.version))
FROM auth.cache_versions v WHERE v.type IN ('role_definitions', 'user_permissions')
-- Another migration of the same transaction may have raised them, too.
ON CONFLICT (sequence) DO UPDATE SET targets = outbox.targets || excluded.targets;

-- Down Migration

DELETE FROM auth.permissions WHERE name IN ('authcluster.clients.read', 'authcluster.clients.write');
DROP TABLE auth.client_permissions, auth.clients;
