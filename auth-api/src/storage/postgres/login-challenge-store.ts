import type {
  LoginChallenge,
  LoginChallengeStore,
  NewChallenge,
  PasswordChallenge,
} from '../../domain/login-challenge.ts';
import type { SessionOwner } from '../../domain/open-session.ts';
import type { Database, Statement } from './database.ts';
import { rolesOf, secondFactorConfirmed, secondFactorRequired } from './grant-names.ts';
import { type FactorRow, factorColumns, factorOf } from './second-factor-store.ts';

const insertChallenge: Statement = {
  name: 'insert_login_challenge',
  text: `WITH upgrade AS (
      UPDATE auth.credentials SET password_hash = $7 WHERE user_id = $2 AND password_hash = $6
    )
    INSERT INTO auth.login_challenges
      (token_hash, user_id, credential_version, expires_at, attempts_left, awaits, has_second_factor)
    VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5, $8, $9)`,
};

/** SQL for a challenge `a`, one attempt fewer, and its user `u` if the password is still the one that was right. */
const attempted = (awaits: NewChallenge['awaits']) => `WITH attempted AS (
      UPDATE auth.login_challenges SET attempts_left = attempts_left - 1
      WHERE token_hash = $1 AND awaits = '${awaits}' AND attempts_left > 0 AND expires_at > now()
      RETURNING user_id, credential_version, has_second_factor
    ), challenged AS (
      SELECT a.has_second_factor, u.id, u.username, u.email, u.display_name, u.credential_version,
        u.password_change_required
      FROM attempted a JOIN auth.users u ON u.id = a.user_id
      WHERE u.credential_version = a.credential_version AND u.status = 'active'
    )`;

const attemptChallenge: Statement = {
  name: 'attempt_login_challenge',
  text: `${attempted('code')}
    SELECT u.id, u.username, u.credential_version, u.password_change_required, ${rolesOf('u.id')} AS roles,
      ${factorColumns}
    FROM challenged u LEFT JOIN auth.second_factors f ON f.user_id = u.id`,
};

/** Where a second factor is asked for by now, none is let in that has not shown it. */
const attemptPassword: Statement = {
  name: 'attempt_password_challenge',
  text: `${attempted('password')}
    SELECT u.id, u.username, u.email, u.display_name, u.credential_version, u.has_second_factor, c.password_hash,
      ${rolesOf('u.id')} AS roles
    FROM challenged u JOIN auth.credentials c ON c.user_id = u.id
    WHERE u.has_second_factor OR NOT (${secondFactorConfirmed('u.id')} OR ${secondFactorRequired('u.id')})`,
};

const deleteChallenge: Statement = {
  name: 'delete_login_challenge',
  text: 'DELETE FROM auth.login_challenges WHERE token_hash = $1 RETURNING user_id',
};

interface ChallengedRow {
  id: string;
  /** bigint: node-pg gives a string. */
  credential_version: string;
  roles: string[];
}

export class PostgresLoginChallengeStore implements LoginChallengeStore {
  readonly #primary: Database;

  constructor(primary: Database) {
    this.#primary = primary;
  }

  async open(challenge: NewChallenge): Promise<void> {
    const { tokenHash, userId, credentialVersion, lifetimeSeconds, attempts, hashUpgrade } = challenge;
    const { awaits, hasSecondFactor } = challenge;
    const upgrade = [hashUpgrade?.from ?? null, hashUpgrade?.to ?? null];
    const values = [tokenHash, userId, credentialVersion, lifetimeSeconds, attempts, ...upgrade];
    await this.#primary.query(insertChallenge, [...values, awaits, hasSecondFactor]);
  }

  async attempt(tokenHash: Buffer): Promise<LoginChallenge | undefined> {
    type Row = FactorRow & ChallengedRow & { password_change_required: boolean };
    const [row] = await this.#primary.query<Row>(attemptChallenge, [tokenHash]);
    if (row === undefined) return undefined;
    const { username, password_change_required: isPasswordChangeRequired } = row;
    return { ...ownerOf(row), username, factor: factorOf(row), isPasswordChangeRequired };
  }

  async attemptPassword(tokenHash: Buffer): Promise<PasswordChallenge | undefined> {
    type Names = { username: string; email: string | null; display_name: string | null };
    type Row = ChallengedRow & Names & { password_hash: string; has_second_factor: boolean };
    const [row] = await this.#primary.query<Row>(attemptPassword, [tokenHash]);
    if (row === undefined) return undefined;
    const { password_hash: passwordHash, has_second_factor: hasSecondFactor } = row;
    const words = [row.username, row.email, row.display_name].filter((word) => word !== null);
    return { ...ownerOf(row), passwordHash, words, hasSecondFactor };
  }

  async close(tokenHash: Buffer): Promise<boolean> {
    return (await this.#primary.query(deleteChallenge, [tokenHash])).length > 0;
  }
}

function ownerOf({ id: userId, credential_version, roles }: ChallengedRow): SessionOwner {
  return { userId, credentialVersion: Number(credential_version), roles };
}
