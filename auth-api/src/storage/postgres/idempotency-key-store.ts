import { createHmac } from 'node:crypto';
import type { Claim, ClaimOutcome, IdempotencyKeys } from '../../domain/idempotency.ts';
import type { Database, Statement } from './database.ts';

const lifetimeSeconds = 86_400;

/** A key that has expired counts as a new one. */
const claimKey: Statement = {
  name: 'claim_idempotency_key',
  text: `WITH claimed AS (
      INSERT INTO auth.idempotency_keys AS k (key_hash, request_hash, created_id, expires_at)
      VALUES ($1, $2, $3, now() + make_interval(secs => $4))
      ON CONFLICT (key_hash) DO UPDATE
        SET request_hash = $2, created_id = $3, expires_at = excluded.expires_at WHERE k.expires_at < now()
      RETURNING created_id, request_hash
    )
    SELECT created_id, request_hash, true AS is_new FROM claimed
    UNION ALL SELECT created_id, request_hash, false FROM auth.idempotency_keys
    WHERE key_hash = $1 AND NOT EXISTS (SELECT 1 FROM claimed)`,
};

const releaseKey: Statement = {
  name: 'release_idempotency_key',
  text: 'DELETE FROM auth.idempotency_keys WHERE key_hash = $1 AND created_id = $2 RETURNING created_id',
};

export class PostgresIdempotencyKeys implements IdempotencyKeys {
  readonly #primary: Database;
  readonly #derivationKey: () => Buffer;

  /** @param derivationKey the server's key of this moment, the same on every pod */
  constructor(primary: Database, derivationKey: () => Buffer) {
    this.#primary = primary;
    this.#derivationKey = derivationKey;
  }

  async claim(claim: Claim): Promise<ClaimOutcome> {
    const requestHash = this.#hash('request', JSON.stringify(claim.request));
    const values = [this.#keyHash(claim), requestHash, claim.id, lifetimeSeconds];
    const ask = () => {
      return this.#primary.query<{ created_id: string; request_hash: Buffer; is_new: boolean }>(claimKey, values);
    };
    const [first] = await ask();
    // Who waited for another claim of the same moment sees it only when asking again.
    const row = first ?? (await ask())[0];
    if (row === undefined) throw new Error('an idempotency key was neither claimed nor found');
    if (!row.request_hash.equals(requestHash)) return { kind: 'otherRequest' };
    return { kind: row.is_new ? 'claimed' : 'known', id: row.created_id };
  }

  async release(claim: Claim): Promise<void> {
    await this.#primary.query(releaseKey, [this.#keyHash(claim), claim.id]);
  }

  #keyHash({ scope, key }: Claim): Buffer {
    return this.#hash('key', JSON.stringify([scope, key]));
  }

  #hash(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#derivationKey()).update(`idempotency-${purpose}\0`).update(text).digest();
  }
}
