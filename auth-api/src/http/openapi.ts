import { z } from 'zod';
import { hotPathOperations } from './hot-path-operations.ts';
import { refreshCookieName } from './refresh-cookie.ts';
import { type AnswerDescription, defaultMaxBodyKib, type Route } from './route.ts';
import { problemResponse } from './schemas.ts';

const schemaPrefix = '#/components/schemas/';

/** The OpenAPI 3.1 document of the routes, from the schemas that check their requests. */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const { method, path } = route.description;
    paths[path] = { ...paths[path], [method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'AuthCluster auth API', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: { ...paths, ...hotPathOperations },
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        refreshCookie: {
          type: 'apiKey',
          in: 'cookie',
          name: refreshCookieName,
          description: 'Of a login that asked for it; with an Origin header that is allowed.',
        },
        oauthClient: { type: 'http', scheme: 'basic' },
      },
    },
  };
}

function operation(route: Route): object {
  const { description, access } = route;
  const { operation: operationId, summary, permission, needsStepUp = false } = description;
  const answers: Record<number, AnswerDescription> = {
    ...impliedAnswers(description, access),
    ...description.answers,
  };
  const parameters = parametersOf(description);
  const needs = [
    ...(permission === undefined ? [] : [`Needs the permission \`${permission}\`.`]),
    ...(needsStepUp
      ? ['Needs a login or step-up that is recent, with the second factor if there is one (RFC 9470).']
      : []),
  ];
  return {
    operationId,
    summary,
    ...(needs.length === 0 ? {} : { description: needs.join(' ') }),
    ...securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(description),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, response(Number(status), answer)]),
    ),
  };
}

function securityOf({ access, description }: Route): object {
  if (access === 'bearer') return { security: [{ accessToken: [] }] };
  return description.takesRefreshCookie === true ? { security: [{ refreshCookie: [] }, {}] } : {};
}

function requestBodyOf({ body, line, takesRefreshCookie = false }: Route['description']): object {
  const content = {
    ...(body === undefined ? {} : { 'application/json': { schema: reference(body) } }),
    ...(line === undefined ? {} : { 'application/x-ndjson': { schema: reference(line) } }),
  };
  return Object.keys(content).length === 0 ? {} : { requestBody: { required: !takesRefreshCookie, content } };
}

function impliedAnswers(description: Route['description'], access: Route['access']) {
  const { body, line, query, parameters, ifMatch, permission, takesRefreshCookie, isStatic = false } = description;
  const { maxBodyKib = defaultMaxBodyKib } = description;
  const answers: [boolean, number, string][] = [
    [body !== undefined, 400, 'Not JSON in UTF-8, or a name stands twice in an object.'],
    [access === 'bearer', 401, 'No valid access token.'],
    [permission !== undefined, 403, 'The permission is missing.'],
    [
      takesRefreshCookie === true,
      403,
      'No token in the body, and the cookie counts for pages of allowed origins alone.',
    ],
    [parameters !== undefined, 404, 'There is no such thing.'],
    [body !== undefined, 413, `More than ${maxBodyKib} KiB.`],
    [body !== undefined, 415, 'Not application/json.'],
    [line !== undefined, 415, 'Not application/x-ndjson.'],
    [body !== undefined || query !== undefined, 422, 'Faults, each with its pointer.'],
    [ifMatch === 'needed', 428, 'If-Match is missing.'],
    [!isStatic, 503, 'Come back after Retry-After.'],
  ];
  const implied = answers.filter(([applies]) => applies);
  return Object.fromEntries(
    implied.map(([, status, text]): [number, AnswerDescription] => [
      status,
      { description: text, schema: problemResponse },
    ]),
  );
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A request that is repeated with the same key within a day creates nothing more, and is answered as the first was.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const ifMatchHeader = (isNeeded: boolean) => ({
  name: 'If-Match',
  in: 'header',
  required: isNeeded,
  description: 'The ETag of what you have read; several where any of them will do; `*` for whatever is there by now.',
  schema: { type: 'string' },
});

function parametersOf(description: Route['description']): object[] {
  const { parameters = {}, query, ifMatch, takesIdempotencyKey = false } = description;
  const inPath = Object.entries(parameters).map(([name, schema]) => {
    return { name, in: 'path', required: true, schema: jsonSchema(schema) };
  });
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    return { name, in: 'query', required: false, schema: jsonSchema(schema as z.ZodType) };
  });
  const headers = [
    ...(ifMatch === undefined ? [] : [ifMatchHeader(ifMatch === 'needed')]),
    ...(takesIdempotencyKey ? [idempotencyKey] : []),
  ];
  return [...inPath, ...inQuery, ...headers];
}

function response(status: number, { description, schema, isLines = false }: AnswerDescription): object {
  if (schema === undefined) return { description };
  const good = isLines ? 'application/x-ndjson' : 'application/json';
  const mediaType = status >= 400 ? 'application/problem+json' : good;
  return { description, content: { [mediaType]: { schema: reference(schema) } } };
}

/** Every schema of a body or an answer has an id, under which it stands among the components. */
function reference(schema: z.ZodType): object {
  return { $ref: `${schemaPrefix}${schemaId(schema)}` };
}

function schemaId(schema: z.ZodType): string {
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error('a schema of the API has no id');
  return id;
}

/** All that have an id, with references among them. */
function namedSchemas(): Record<string, object> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { ...conversion, uri: (id) => `${schemaPrefix}${id}` });
  return Object.fromEntries(
    Object.entries(schemas)
      .sort()
      .map(([id, schema]) => [id, withoutKeywords(schema)]),
  );
}

function jsonSchema(schema: z.ZodType): object {
  return withoutKeywords(z.toJSONSchema(schema, conversion));
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

const conversion = {
  target: 'draft-2020-12',
  io: 'input',
  override: ({ jsonSchema: converted }: { jsonSchema: JsonSchema }) => {
    // A format says it better than the pattern that checks it.
    if (converted.format !== undefined) delete converted.pattern;
    if (converted.minimum === Number.MIN_SAFE_INTEGER) delete converted.minimum;
    if (converted.maximum === Number.MAX_SAFE_INTEGER) delete converted.maximum;
  },
} as const;

function withoutKeywords({ $schema: _, $id: __, id: ___, ...rest }: JsonSchema): object {
  return rest;
}
