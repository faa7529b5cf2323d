import type { Factor, SecondFactorState, SecondFactorStore } from '../../domain/second-factor.ts';
import { queryAsAct } from './audit-events.ts';
import type { Database, Query, Statement } from './database.ts';
import { secondFactorRequired } from './grant-names.ts';

/** Of a user `u`, whose second factor is `f` if there is one. */
export const factorColumns = `f.secret, f.is_confirmed, f.last_used_step,
      (SELECT count(*)::int FROM auth.recovery_codes c WHERE c.user_id = u.id) AS recovery_codes_left`;

const selectFactor: Statement = {
  name: 'select_second_factor',
  text: `SELECT u.username, ${secondFactorRequired('u.id')} AS is_required, ${factorColumns}
    FROM auth.users u LEFT JOIN auth.second_factors f ON f.user_id = u.id WHERE u.id = $1`,
};

const startFactor: Statement = {
  name: 'start_second_factor',
  text: `INSERT INTO auth.second_factors AS f (user_id, secret) VALUES ($1, $2)
    ON CONFLICT (user_id) DO UPDATE SET secret = $2, last_used_step = 0 WHERE NOT f.is_confirmed
    RETURNING f.user_id`,
};

/** The secret of which the code was: another one may have taken its place meanwhile. */
const confirmFactor: Statement = {
  name: 'confirm_second_factor',
  text: `UPDATE auth.second_factors SET is_confirmed = true, last_used_step = $2
    WHERE user_id = $1 AND secret = $3 AND NOT is_confirmed AND last_used_step < $2 RETURNING user_id`,
};

const markSession: Statement = {
  name: 'mark_session_second_factor',
  text: 'UPDATE auth.sessions SET has_second_factor = true WHERE id = $1 AND user_id = $2',
};

const useStep: Statement = {
  name: 'use_totp_step_of_secret',
  text: `UPDATE auth.second_factors SET last_used_step = $2
    WHERE user_id = $1 AND secret = $3 AND is_confirmed AND last_used_step < $2 RETURNING user_id`,
};

const insertRecoveryCode: Statement = {
  name: 'insert_recovery_code',
  text: 'INSERT INTO auth.recovery_codes (user_id, code_hash) VALUES ($1, $2)',
};

const useRecoveryCode: Statement = {
  name: 'use_recovery_code',
  text: 'DELETE FROM auth.recovery_codes WHERE user_id = $1 AND code_hash = $2 RETURNING user_id',
};

/** Two who renew at once do so one after the other. */
const lockConfirmed: Statement = {
  name: 'lock_second_factor',
  text: 'SELECT user_id FROM auth.second_factors WHERE user_id = $1 AND is_confirmed FOR UPDATE',
};

const deleteRecoveryCodes: Statement = {
  name: 'delete_recovery_codes',
  text: 'DELETE FROM auth.recovery_codes WHERE user_id = $1',
};

/** Waits for whoever is confirming it, and then looks again. */
const deleteFactor: Statement = {
  name: 'delete_second_factor_unless_confirmed',
  text: 'DELETE FROM auth.second_factors WHERE user_id = $1 AND ($2 OR NOT is_confirmed) RETURNING user_id',
};

export interface FactorRow {
  username: string;
  secret: Buffer | null;
  is_confirmed: boolean | null;
  /** bigint: node-pg gives a string. */
  last_used_step: string | null;
  recovery_codes_left: number;
}

export class PostgresSecondFactorStore implements SecondFactorStore {
  readonly #primary: Database;

  constructor(primary: Database) {
    this.#primary = primary;
  }

  async find(userId: string): Promise<SecondFactorState | undefined> {
    const [row] = await this.#primary.read<FactorRow & { is_required: boolean }>(selectFactor, [userId]);
    return row === undefined
      ? undefined
      : { username: row.username, isRequired: row.is_required, factor: factorOf(row) };
  }

  start(userId: string, sealedSecret: Buffer): Promise<boolean> {
    return this.#does(startFactor, [userId, sealedSecret]);
  }

  confirm(confirmation: Parameters<SecondFactorStore['confirm']>[0]): Promise<boolean> {
    const { userId, sealedSecret, step, recoveryCodeHashes, sessionId } = confirmation;
    return this.#primary.transaction(async (query) => {
      if ((await query(confirmFactor, [userId, step, sealedSecret])).length === 0) return false;
      await insertCodes(query, userId, recoveryCodeHashes);
      if (sessionId !== undefined) await query(markSession, [sessionId, userId]);
      return true;
    });
  }

  useStep({ userId, sealedSecret, step }: Parameters<SecondFactorStore['useStep']>[0]): Promise<boolean> {
    return this.#does(useStep, [userId, step, sealedSecret]);
  }

  useRecoveryCode(userId: string, codeHash: Buffer): Promise<boolean> {
    return this.#does(useRecoveryCode, [userId, codeHash]);
  }

  replaceRecoveryCodes(userId: string, codeHashes: readonly Buffer[]): Promise<boolean> {
    return this.#primary.transaction(async (query) => {
      if ((await query(lockConfirmed, [userId])).length === 0) return false;
      await query(deleteRecoveryCodes, [userId]);
      await insertCodes(query, userId, codeHashes);
      return true;
    });
  }

  async remove(...[userId, { alsoConfirmed }, act]: Parameters<SecondFactorStore['remove']>) {
    const removed = await queryAsAct(this.#primary, [deleteFactor, [userId, alsoConfirmed]], act);
    if (removed.length > 0) return 'removed';
    if (alsoConfirmed) return 'none';
    return (await this.find(userId))?.factor?.isConfirmed === true ? 'confirmed' : 'none';
  }

  async #does(statement: Statement, values: Parameters<Database['query']>[1]): Promise<boolean> {
    return (await this.#primary.query(statement, values)).length > 0;
  }
}

async function insertCodes(query: Query, userId: string, codeHashes: readonly Buffer[]): Promise<void> {
  for (const codeHash of codeHashes) await query(insertRecoveryCode, [userId, codeHash]);
}

export function factorOf(row: FactorRow): Factor | undefined {
  if (row.secret === null) return undefined;
  return {
    sealedSecret: row.secret,
    isConfirmed: row.is_confirmed === true,
    lastUsedStep: Number(row.last_used_step),
    recoveryCodesLeft: row.recovery_codes_left,
  };
}
