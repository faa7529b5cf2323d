import { z } from 'zod';
import { acrValues } from '../../domain/authentication-context.ts';
import { assertionAlgorithms } from '../../security/client-assertions.ts';
import { publicDocument } from '../public-document.ts';
import { publicRoute, type Route } from '../route.ts';

const jwksResponse = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        kid: z.string(),
        x: z.string(),
        use: z.literal('sig'),
        alg: z.literal('EdDSA'),
      }),
    ),
  })
  .meta({ id: 'JsonWebKeySet' });

export const jwksRoute = publicRoute(
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    operation: 'get_jwks',
    summary: 'The keys that access tokens are signed with',
    isStatic: true,
    answers: { 200: { description: 'A JWK set (RFC 7517).', schema: jwksResponse } },
  },
  async (_, ports) => publicDocument(ports.jwks()),
);

const discoveryResponse = z
  .object({
    issuer: z.string(),
    jwks_uri: z.string(),
    token_endpoint: z.string(),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    token_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    introspection_endpoint: z.string(),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
    revocation_endpoint: z.string(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    subject_types_supported: z.array(z.string()),
    id_token_signing_alg_values_supported: z.array(z.string()),
    acr_values_supported: z.array(z.string()),
  })
  .meta({ id: 'Discovery' });

const clientAuthentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** Under the names that libraries for OAuth and for OpenID Connect look for it. */
const documents = [
  {
    path: '/.well-known/oauth-authorization-server',
    operation: 'get_authorization_server',
    summary: 'Where what is (RFC 8414)',
  },
  {
    path: '/.well-known/openid-configuration',
    operation: 'get_discovery',
    summary: 'The same, where libraries for OpenID Connect look for it',
  },
] as const;

export const discoveryRoutes: readonly Route[] = documents.map((document) =>
  publicRoute(
    {
      ...document,
      method: 'get',
      isStatic: true,
      answers: { 200: { description: 'Metadata of the issuer.', schema: discoveryResponse } },
    },
    async (_, { issuer }) => publicDocument(metadataOf(issuer)),
  ),
);

function metadataOf(issuer: string): z.output<typeof discoveryResponse> {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    jwks_uri: `${base}/.well-known/jwks.json`,
    token_endpoint: `${base}/oauth/token`,
    token_endpoint_auth_methods_supported: clientAuthentication,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    grant_types_supported: ['client_credentials'],
    introspection_endpoint: `${base}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint: `${base}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    // Log in is an endpoint of this service's own: there is no authorization endpoint.
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['EdDSA'],
    acr_values_supported: [...acrValues],
  };
}
