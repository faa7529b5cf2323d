import { insertedWith } from './audit-events.ts';
import type { Statement } from './database.ts';
import { permissionsOf, rolesOf, secondFactorRequired } from './grant-names.ts';
import { type BasicsRow, profileColumns } from './profile-row.ts';

/** For the rows of `ended`: what they are cached as; nothing where there are none. */
const announceEnded = `
      INSERT INTO auth.outbox (kind, targets)
      SELECT 'session_logout', jsonb_agg(jsonb_build_object('type', cached.type, 'id', ended.id))
      FROM ended CROSS JOIN (VALUES ('session'), ('session_data')) AS cached (type)
      HAVING count(*) > 0
    `;

/** SQL for a time as a number. */
const expirySeconds = (time: string) => `extract(epoch FROM ${time})::float8`;

/**
 * The update of the user is the lock that a change of password and other logins wait for, and the check that there was no
 * change. The function sees what they have committed by then: this statement itself sees what there was when it began.
 * The profile and the grants are for the caches: read by now, they need not be read again.
 */
export const insertSession: Statement = {
  name: 'insert_session',
  text: `WITH account AS (
      UPDATE auth.users u SET last_login_at = now()
      WHERE u.id = $1 AND u.status = 'active' AND u.credential_version = $2
      RETURNING ${profileColumns('u')}
    ), session AS (
      INSERT INTO auth.sessions
        (id, user_id, expires_at, client_address, user_agent, authenticated_at, has_second_factor)
      SELECT $3, id, now() + make_interval(secs => $4), $5, $6, now(), $11 FROM account
      RETURNING id, expires_at
    ), token AS (
      INSERT INTO auth.refresh_tokens (token_hash, session_id) SELECT $7, id FROM session
    ), upgrade AS (
      UPDATE auth.credentials c SET password_hash = $9
      FROM account a WHERE c.user_id = a.id AND c.password_hash = $8
    ), ended AS (
      SELECT surplus.id FROM account a CROSS JOIN LATERAL auth.end_surplus_sessions(a.id, $3, $10) AS surplus (id)
    ), event AS (${announceEnded}), logged AS (${insertedWith('account', 12)})
    SELECT ${expirySeconds('s.expires_at')} AS expires_seconds, ARRAY(SELECT id FROM ended) AS ended,
      a.id, a.username, a.email, a.is_email_verified, a.display_name, a.locale, a.version, a.created_at, a.updated_at,
      ${rolesOf('a.id')} AS roles, ${permissionsOf('a.id')} AS permissions
    FROM session s CROSS JOIN account a`,
};

/** Of a session `s`. The release before does not note when somebody showed who they are. */
const authenticationColumns = `coalesce(extract(epoch FROM s.authenticated_at), 0)::float8 AS authenticated_seconds,
        s.has_second_factor`;

/**
 * Of a session `s`: a role that came to require a second factor ends, with the next refresh, what was opened without. A
 * step-up by which one is shown is let through.
 */
const hasRequiredFactor = `(s.has_second_factor OR NOT ${secondFactorRequired('s.user_id')})`;

/** Of a session `s`: its last moment, where $4 says for how many seconds it may live at the most. Null: it has none. */
const lastMoment = 's.created_at + make_interval(secs => $4)';

/**
 * Of two at once the second waits for the first, then finds the token used and changes nothing. A last moment may have come
 * to be after the session's last refresh.
 */
export const exchangeToken: Statement = {
  name: 'exchange_refresh_token',
  text: `WITH presented AS (
      UPDATE auth.refresh_tokens t SET used_at = now(), successor_hash = $2
      FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
      WHERE t.token_hash = $1 AND t.used_at IS NULL AND s.id = t.session_id
        AND s.ended_at IS NULL AND s.expires_at > now() AND u.status = 'active' AND ${hasRequiredFactor}
        AND (${lastMoment} > now()) IS NOT FALSE
      RETURNING s.id, s.user_id, ${authenticationColumns},
        least(now() + make_interval(secs => $3), ${lastMoment}) AS expires_at
    ), successor AS (
      INSERT INTO auth.refresh_tokens (token_hash, session_id) SELECT $2, id FROM presented
    ), touched AS (
      UPDATE auth.sessions s SET last_used_at = now(), expires_at = p.expires_at
      FROM presented p WHERE s.id = p.id
    )
    SELECT p.id AS session_id, p.user_id, p.authenticated_seconds, p.has_second_factor,
      ${expirySeconds('p.expires_at')} AS expires_seconds,
      ARRAY(SELECT r.name FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
        WHERE ur.user_id = p.user_id ORDER BY r.name) AS roles
    FROM presented p`,
};

export const selectToken: Statement = {
  name: 'select_refresh_token',
  text: `SELECT t.session_id, s.user_id, ${authenticationColumns}, t.successor_hash,
      s.ended_at IS NULL AND s.expires_at > now() AND u.status = 'active' AND ${hasRequiredFactor} AS is_session_live,
      extract(epoch FROM now() - t.used_at)::float8 AS used_seconds_ago,
      EXISTS (SELECT 1 FROM auth.refresh_tokens n WHERE n.token_hash = t.successor_hash AND n.used_at IS NOT NULL)
        AS is_successor_used,
      ARRAY(SELECT r.name FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
        WHERE ur.user_id = s.user_id ORDER BY r.name) AS roles
    FROM auth.refresh_tokens t JOIN auth.sessions s ON s.id = t.session_id JOIN auth.users u ON u.id = s.user_id
    WHERE t.token_hash = $1`,
};

/** Of any of these ids. What the tokens of a client live by is asked for in the same way; it ends when the client changes. */
export const selectLive: Statement = {
  name: 'select_live_sessions',
  text: `SELECT id, ${expirySeconds('expires_at')} AS expires_seconds
    FROM auth.sessions WHERE id = ANY ($1::uuid[]) AND ended_at IS NULL AND expires_at > now()
    UNION ALL SELECT grant_id, ${expirySeconds("now() + interval '1 day'")}
    FROM auth.clients WHERE grant_id = ANY ($1::uuid[]) AND status = 'active'`,
};

/** The roles are those of now: what it is answered with is as good as what a refresh is answered with. */
export const authenticateAgain: Statement = {
  name: 'authenticate_again',
  text: `UPDATE auth.sessions s SET authenticated_at = now(), has_second_factor = s.has_second_factor OR $2
    FROM auth.users u
    WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND u.id = s.user_id AND u.status = 'active'
      AND ($2 OR ${hasRequiredFactor})
    RETURNING ${rolesOf('s.user_id')} AS roles`,
};

export const endSession: Statement = {
  name: 'end_session',
  text: `WITH ended AS (
      UPDATE auth.sessions SET ended_at = now(), end_reason = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id
    ), event AS (${announceEnded})
    SELECT id FROM ended`,
};

export const endSessionOfUser: Statement = {
  name: 'end_session_of_user',
  text: `WITH ended AS (
      UPDATE auth.sessions SET ended_at = now(), end_reason = $3
      WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > now()
      RETURNING id
    ), event AS (${announceEnded})
    SELECT id FROM ended`,
};

export const endAllSessions: Statement = {
  name: 'end_all_sessions',
  text: `WITH ended AS (
      UPDATE auth.sessions SET ended_at = now(), end_reason = $2 WHERE user_id = $1 AND ended_at IS NULL RETURNING id
    ), event AS (${announceEnded})
    SELECT id FROM ended`,
};

/** UUIDv7 ids are in order of their making: the cursor is the last id. */
export const selectSessions: Statement = {
  name: 'select_sessions',
  text: `SELECT id, created_at, last_used_at, expires_at, host(client_address) AS client_address, user_agent
    FROM auth.sessions
    WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now() AND ($2::uuid IS NULL OR id < $2)
    ORDER BY id DESC LIMIT $3`,
};

/** Names a session that had ended before, too: the answer to that may have been lost before it was told to anybody. */
export const endSessionByToken: Statement = {
  name: 'end_session_by_refresh_token',
  text: `WITH ended AS (
      UPDATE auth.sessions s SET ended_at = now(), end_reason = $2
      FROM auth.refresh_tokens t WHERE t.token_hash = $1 AND s.id = t.session_id AND s.ended_at IS NULL
      RETURNING s.id, s.user_id
    ), event AS (${announceEnded})
    SELECT t.session_id AS id, ended.user_id
    FROM auth.refresh_tokens t LEFT JOIN ended ON ended.id = t.session_id WHERE t.token_hash = $1`,
};

export interface ExpiryRow {
  expires_seconds: number;
}

export interface OpenedRow extends ExpiryRow, BasicsRow {
  ended: string[];
  roles: string[];
  permissions: string[];
}

export interface RefreshedRow {
  session_id: string;
  user_id: string;
  roles: string[];
  authenticated_seconds: number;
  has_second_factor: boolean;
}

export interface SessionRow {
  id: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
  client_address: string | null;
  user_agent: string | null;
}

export interface TokenRow extends RefreshedRow {
  successor_hash: Buffer | null;
  is_session_live: boolean;
  used_seconds_ago: number | null;
  is_successor_used: boolean;
}
