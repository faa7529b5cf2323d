import type { ClientKeySet, OAuthClient } from '../../domain/ports/clients.ts';
import type { Statement } from './database.ts';

const columns = `c.id, c.name, c.status, c.authentication, c.jwks, c.may, c.grant_id, c.version, c.created_at, c.updated_at,
      c.last_used_at, c.secret_hash,
      CASE WHEN c.previous_secret_expires_at > now() THEN c.previous_secret_hash END AS previous_secret_hash,
      CASE WHEN c.previous_secret_expires_at > now() THEN c.previous_secret_expires_at END AS previous_secret_expires_at,
      ARRAY(SELECT p.name FROM auth.client_permissions cp JOIN auth.permissions p ON p.id = cp.permission_id
        WHERE cp.client_id = c.id ORDER BY p.name) AS permissions`;

export const selectClient: Statement = {
  name: 'select_client',
  text: `SELECT ${columns} FROM auth.clients c WHERE c.id = $1`,
};

export const selectClients: Statement = {
  name: 'select_clients',
  text: `SELECT ${columns} FROM auth.clients c WHERE $1::uuid IS NULL OR c.id > $1 ORDER BY c.id LIMIT $2`,
};

export interface ClientRow {
  readonly id: string;
  readonly name: string;
  readonly status: OAuthClient['status'];
  readonly authentication: OAuthClient['authentication'];
  readonly secret_hash: Buffer | null;
  readonly previous_secret_hash: Buffer | null;
  readonly previous_secret_expires_at: Date | null;
  readonly jwks: ClientKeySet | null;
  readonly may: OAuthClient['may'];
  readonly permissions: readonly string[];
  readonly grant_id: string;
  readonly version: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly last_used_at: Date | null;
}

export function clientOf(row: ClientRow): OAuthClient {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    authentication: row.authentication,
    secretHashes: [row.secret_hash, row.previous_secret_hash].filter((hash) => hash !== null),
    previousSecretExpiresAt: row.previous_secret_expires_at,
    jwks: row.jwks,
    may: row.may,
    permissions: row.permissions,
    grantId: row.grant_id,
    version: Number(row.version),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastUsedAt: row.last_used_at,
  };
}
