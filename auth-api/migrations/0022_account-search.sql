-- Up Migration

-- For the searches of administrators; see account-search.ts. "C" compares bytes, whatever the locale of the database.
CREATE INDEX users_username_search ON auth.users (username_key COLLATE "C");
CREATE INDEX users_email_search ON auth.users (lower(email) COLLATE "C", id) WHERE email IS NOT NULL;
CREATE INDEX users_status_search ON auth.users (status, id);
CREATE INDEX user_roles_search ON auth.user_roles (role_id, user_id);
-- The one before begins with the same column.
DROP INDEX auth.user_roles_role_id;

-- Down Migration

CREATE INDEX user_roles_role_id ON auth.user_roles (role_id);
DROP INDEX auth.user_roles_search, auth.users_status_search, auth.users_email_search, auth.users_username_search;
