import { z } from 'zod';

/** RFC 6749 section 5.1. */
const serviceToken = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().describe('Seconds.'),
    scope: z.string(),
  })
  .meta({ id: 'ServiceToken' });

/** RFC 6749 section 5.2. */
const oauthError = z.object({ error: z.string(), error_description: z.string().optional() }).meta({ id: 'OAuthError' });

/** Beside HTTP Basic: the secret in the form, or an assertion (RFC 7523). */
const clientFields = {
  client_id: { type: 'string' },
  client_secret: { type: 'string' },
  client_assertion_type: { const: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
  client_assertion: { type: 'string' },
};

function form(properties: Readonly<Record<string, object>>, required: readonly string[]) {
  const schema = { type: 'object', properties: { ...properties, ...clientFields }, required };
  return { required: true, content: { 'application/x-www-form-urlencoded': { schema } } };
}

const tokenForm = form({ token: { type: 'string' } }, ['token']);

function json(schema: z.ZodType) {
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema.meta()?.id}` } } } };
}

const oauthRefusals = {
  400: { description: 'No form, or something in it that is missing, wrong or there twice.', ...json(oauthError) },
  401: { description: 'Not a client of this service, or not shown to be.', ...json(oauthError) },
  429: { description: 'Too many that were not.', ...json(oauthError) },
  503: { description: 'Come back after Retry-After.', ...json(oauthError) },
};
const notPermitted = { 403: { description: 'The client may not do this.', ...json(oauthError) } };

/** Answered before Express sees them; see hot-path.ts. */
export const hotPathOperations = {
  '/oauth/token': {
    post: {
      operationId: 'token',
      summary: 'An access token for a service itself (RFC 6749 section 4.4)',
      security: [{ oauthClient: [] }],
      requestBody: form(
        {
          grant_type: { const: 'client_credentials' },
          scope: {
            type: 'string',
            description: 'Names of permissions, with spaces between; left out: all that the client has.',
          },
        },
        ['grant_type'],
      ),
      responses: { 200: { description: 'The token.', ...json(serviceToken) }, ...oauthRefusals },
    },
  },
  '/oauth/introspect': {
    post: {
      operationId: 'introspect',
      summary: 'What a token of either kind says, if it is good now (RFC 7662)',
      security: [{ oauthClient: [] }],
      requestBody: tokenForm,
      responses: { 200: { description: '`active`, and what the token says.' }, ...oauthRefusals, ...notPermitted },
    },
  },
  '/oauth/revoke': {
    post: {
      operationId: 'revoke',
      summary: 'End the session of a token of either kind (RFC 7009)',
      security: [{ oauthClient: [] }],
      requestBody: tokenForm,
      responses: {
        200: { description: 'It has ended, or the token is none of ours.' },
        ...oauthRefusals,
        ...notPermitted,
      },
    },
  },
  '/verify': {
    get: {
      operationId: 'verify',
      summary: 'Check an access token, for the auth requests of nginx, Traefik and Envoy',
      description:
        'Answered with any method, and with any path behind it, as Envoy asks: then the query is that of the request to be let through, and nothing in it is read.',
      security: [{ accessToken: [] }],
      parameters: [
        {
          name: 'permission',
          in: 'query',
          description: 'What the user or service must hold; all of them where it is given again.',
          schema: { type: 'array', items: { type: 'string' } },
        },
        {
          name: 'X-Auth-Permission',
          in: 'header',
          description: 'The same, with commas between names, for proxies that cannot set a query; both count.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: {
          description: 'The token is valid and its session lives. Of a service, all but its own header are empty.',
          headers: {
            'X-Auth-User': { description: 'The id of the user.', schema: { type: 'string' } },
            'X-Auth-Session': { description: 'The id of the session.', schema: { type: 'string' } },
            'X-Auth-Roles': { description: 'Names, comma-separated.', schema: { type: 'string' } },
            'X-Auth-Client': { description: 'The id of the service; empty for users.', schema: { type: 'string' } },
          },
        },
        403: { description: 'A permission asked for is missing.' },
        401: { description: 'It is not.', headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } },
        503: { description: 'It cannot be known now.', headers: { 'Retry-After': { schema: { type: 'integer' } } } },
      },
    },
  },
  '/health': {
    get: {
      operationId: 'health',
      summary: 'Whether the process answers',
      responses: { 200: { description: 'It does.' } },
    },
  },
};
