-- Up Migration

-- Constant defaults: no row is rewritten.
-- The next login with the right password opens no session before there is another password.
ALTER TABLE auth.users ADD COLUMN password_change_required boolean NOT NULL DEFAULT false;

ALTER TABLE auth.login_challenges
  -- What a login waits for: a code of the second factor, or another password.
  ADD COLUMN awaits text NOT NULL DEFAULT 'code' CHECK (awaits IN ('code', 'password')),
  -- Whether the second factor was shown before.
  ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;

-- Down Migration

ALTER TABLE auth.login_challenges DROP COLUMN has_second_factor, DROP COLUMN awaits;
ALTER TABLE auth.users DROP COLUMN password_change_required;
