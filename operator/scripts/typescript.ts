import { compile } from 'json-schema-to-typescript';
import type { Schema } from './crd-schema.ts';

/** The schemas that get a type of their own, by their path in the CRD; all else is written in place. */
const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ['spec', 'AuthClusterSpec'],
  ['spec.api', 'ApiSpec'],
  ['spec.api.autoscaling', 'Autoscaling'],
  ['spec.api.resources', 'Resources'],
  ['spec.api.env[]', 'EnvironmentVariable'],
  ['spec.api.rollout', 'RolloutSpec'],
  ['spec.api.rollout.errorBudget', 'RolloutErrorBudget'],
  ['spec.gateway', 'GatewaySpec'],
  ['spec.gateway.autoscaling', 'Autoscaling'],
  ['spec.gateway.resources', 'Resources'],
  ['spec.postgres', 'PostgresSpec'],
  ['spec.postgres.resources', 'Resources'],
  ['spec.postgres.pooler', 'PoolerSpec'],
  ['spec.postgres.pooler.resources', 'Resources'],
  ['spec.redis', 'RedisSpec'],
  ['spec.redis.resources', 'Resources'],
  ['spec.postgres.external', 'ExternalPostgres'],
  ['spec.postgres.external.credentials.application', 'LoginSecret'],
  ['spec.postgres.external.credentials.migration', 'LoginSecret'],
  ['spec.postgres.external.tls', 'ExternalTls'],
  ['spec.redis.external', 'ExternalRedis'],
  ['spec.redis.external.credentials', 'LoginSecret'],
  ['spec.redis.external.tls', 'ExternalTls'],
  ['spec.api.scheduling', 'Scheduling'],
  ['spec.gateway.scheduling', 'Scheduling'],
  ['spec.postgres.scheduling', 'Scheduling'],
  ['spec.postgres.pooler.scheduling', 'Scheduling'],
  ['spec.redis.scheduling', 'Scheduling'],
  ['status', 'AuthClusterStatus'],
  ['status.conditions[]', 'StatusCondition'],
]);

const HEADER = '// Generated from crds/authclusters.yaml by `npm run generate -w operator`. Do not edit.\n';

/** JSON Schema as json-schema-to-typescript takes it; `tsType` stands for a type written elsewhere. */
interface JsonSchema {
  [keyword: string]: unknown;
}

/** TypeScript types of `spec` and `status`, as an object read from the API server has them: defaults filled in. */
export async function typescriptTypes(root: Schema): Promise<string> {
  const declarations = new Map<string, JsonSchema>();
  for (const [name, schema] of Object.entries(root.properties ?? {})) {
    if (name === 'spec' || name === 'status') convert(schema, name, declarations);
  }
  const compiled: string[] = [];
  for (const [name, schema] of [...declarations].reverse()) {
    compiled.push(
      await compile(schema, name, {
        bannerComment: '',
        additionalProperties: false,
        style: { singleQuote: true, printWidth: 120 },
      }),
    );
  }
  return `${HEADER}\n${compiled.join('\n')}`;
}

function convert(schema: Schema, path: string, declarations: Map<string, JsonSchema>): JsonSchema {
  const converted: JsonSchema = withoutUndefined({
    type: schema.type,
    description: schema.description,
    enum: schema.enum,
    // One type for both, whatever the bounds.
    ...(schema['x-kubernetes-int-or-string'] === true ? { tsType: 'number | string' } : {}),
    items: schema.items && convert(schema.items, `${path}[]`, declarations),
    additionalProperties:
      schema.additionalProperties && convert(schema.additionalProperties, `${path}{}`, declarations),
    ...objectParts(schema, path, declarations),
  });
  const name = TYPE_NAMES.get(path);
  if (name === undefined) return converted;
  // The same schema may stand in several places; it is declared once.
  declarations.delete(name);
  declarations.set(name, converted);
  return withoutUndefined({ tsType: name, description: schema.description });
}

/** A property with a default is never missing from an object that was read, so it is not optional. */
function objectParts(schema: Schema, path: string, declarations: Map<string, JsonSchema>): JsonSchema {
  if (schema.properties === undefined) return {};
  const entries = Object.entries(schema.properties);
  const always = entries.filter(([name, part]) => part.default !== undefined || schema.required?.includes(name));
  return {
    properties: Object.fromEntries(
      entries.map(([name, part]) => [name, convert(part, `${path}.${name}`, declarations)]),
    ),
    required: always.map(([name]) => name),
  };
}

function withoutUndefined(object: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
