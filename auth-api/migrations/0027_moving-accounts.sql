-- Up Migration

-- Nullable and without a default: no row is rewritten.
-- What an imported account was called where it came from; null in those that were made here. A line that is imported again
-- finds its account by it.
ALTER TABLE auth.users ADD COLUMN external_id text;

INSERT INTO auth.permissions (id, name, description) VALUES
  ('01900000-0000-7000-8000-000000000027', 'authcluster.users.import', 'Import accounts with the hashes of their passwords'),
  ('01900000-0000-7000-8000-000000000028', 'authcluster.password-hashes.read', 'Export the hashes of passwords');
INSERT INTO auth.role_permissions (role_id, permission_id)
SELECT r.id, p.id FROM auth.roles r, auth.permissions p
WHERE r.name = 'administrator' AND p.name IN ('authcluster.users.import', 'authcluster.password-hashes.read');

-- Down Migration

DELETE FROM auth.permissions WHERE name IN ('authcluster.users.import', 'authcluster.password-hashes.read');
ALTER TABLE auth.users DROP COLUMN external_id;
