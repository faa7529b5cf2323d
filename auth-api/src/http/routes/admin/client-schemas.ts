import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { clientAbilities, clientAuthentications, type OAuthClient } from '../../../domain/ports/clients.ts';
import { permissionName } from '../../schemas.ts';

const coordinate = z.string().regex(/^[\w-]{43}$/, 'must be 32 bytes in base64url');
const common = {
  kid: z.string().min(1).max(128),
  use: z.literal('sig').optional(),
  key_ops: z.array(z.string().max(20)).max(8).optional(),
  ext: z.boolean().optional(),
};
const publicKey = z
  .discriminatedUnion('kty', [
    z.strictObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: coordinate,
      alg: z.enum(['EdDSA', 'Ed25519']).optional(),
      ...common,
    }),
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: coordinate,
      y: coordinate,
      alg: z.literal('ES256').optional(),
      ...common,
    }),
    z.strictObject({
      kty: z.literal('RSA'),
      n: z.string().regex(/^[\w-]{342,683}$/, 'must have 2048 to 4096 bits, in base64url'),
      e: z.literal('AQAB'),
      alg: z.literal('RS256').optional(),
      ...common,
    }),
  ])
  .refine(isPublicKey, 'is no such key')
  .describe('A public key for EdDSA (Ed25519), ES256 or RS256 (RFC 7517).');

function isPublicKey(jwk: object): boolean {
  try {
    createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

const jwks = z
  .strictObject({
    keys: z
      .array(publicKey)
      .min(1)
      .max(5)
      .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'must have a kid each'),
  })
  .meta({ id: 'ClientKeySet', description: 'Public keys: two and more while one takes the place of another.' });

const name = z.string().trim().min(1).max(100);
const may = z
  .array(z.enum(clientAbilities))
  .max(clientAbilities.length)
  .describe('Tokens of its own, and /oauth/introspect and /oauth/revoke for those of others.');
const permissions = z
  .array(permissionName)
  .max(50)
  .refine((names) => new Set(names).size === names.length, 'must name each once')
  .describe('The scopes that its tokens may have.');
const status = z.enum(['active', 'disabled']);

export const clientRequest = z
  .strictObject({
    name,
    authentication: z.enum(clientAuthentications).default('client_secret_basic'),
    jwks: jwks.optional().describe('Needed for private_key_jwt, and for nothing else.'),
    may: may.default(['client_credentials']),
    permissions: permissions.default([]),
  })
  .superRefine(({ authentication, jwks: keys }, context) => {
    if ((authentication === 'private_key_jwt') === (keys !== undefined)) return;
    const message = keys === undefined ? 'is needed for private_key_jwt' : 'is for private_key_jwt alone';
    context.addIssue({ code: 'custom', path: ['jwks'], message });
  })
  .meta({ id: 'ClientRequest' });

export const clientChangeRequest = z
  .strictObject({
    name: name.optional(),
    status: status.optional(),
    jwks: jwks.optional(),
    may: may.optional(),
    permissions: permissions.optional(),
  })
  .meta({ id: 'ClientChangeRequest' });

export const secretRequest = z
  .strictObject({
    keep_previous_seconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .default(86_400)
      .describe('How long the secret of before is good as well. 0: no more, and access tokens end, too.'),
  })
  .meta({ id: 'ClientSecretRequest' });

export const clientResponse = z
  .object({
    id: z.uuid().describe('The client_id.'),
    name: z.string(),
    status,
    authentication: z.enum(clientAuthentications),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).nullable(),
    may: z.array(z.enum(clientAbilities)),
    permissions: z.array(z.string()),
    previous_secret_expires_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().nullable().describe('To the minute.'),
  })
  .meta({ id: 'Client' });

export const createdClientResponse = clientResponse
  .extend({ client_secret: z.string().optional().describe('Shown here alone; none where there are keys.') })
  .meta({ id: 'CreatedClient' });

export const secretResponse = z
  .object({ client_secret: z.string(), previous_secret_expires_at: z.iso.datetime().nullable() })
  .meta({ id: 'ClientSecret' });

export const clientListResponse = z
  .object({ items: z.array(clientResponse), next_cursor: z.uuid().nullable() })
  .meta({ id: 'ClientList' });

export function clientBody(client: OAuthClient): z.output<typeof clientResponse> {
  const { id, name, status, authentication, may, permissions } = client;
  return {
    id,
    name,
    status,
    authentication,
    jwks: client.jwks === null ? null : { keys: client.jwks.keys.map((key) => ({ ...key })) },
    may: [...may],
    permissions: [...permissions],
    previous_secret_expires_at: client.previousSecretExpiresAt?.toISOString() ?? null,
    created_at: client.createdAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
    last_used_at: client.lastUsedAt?.toISOString() ?? null,
  };
}
