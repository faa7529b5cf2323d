import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { AuthCluster } from '../api/authcluster.ts';
import type { AuthClusterSpec } from '../api/generated/authcluster.ts';
import type { BuilderInputs, PostgresLogin } from '../specs/inputs.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

export const SAMPLES = ['development', 'production', 'high-security', 'external-database'] as const;

/** A sample as the API server hands it out: with the defaults of the CRD filled in. */
export function sampleCluster(sample: (typeof SAMPLES)[number]): AuthCluster {
  return asRead(writtenSample(sample));
}

/** The spec of a sample as its file has it. */
export function writtenSpec(sample: (typeof SAMPLES)[number]): object {
  return writtenSample(sample).spec;
}

function writtenSample(sample: (typeof SAMPLES)[number]): Parameters<typeof asRead>[0] {
  const documents = parseAllDocuments(readFileSync(join(ROOT, `manifests/samples/${sample}.yaml`), 'utf8'));
  return documents.map((document) => document.toJS()).find(({ kind }) => kind === 'AuthCluster');
}

/** An AuthCluster with this spec, and the defaults for all it leaves out. */
export function clusterWith(spec: object, name = 'acme'): AuthCluster {
  return asRead({ metadata: { name, namespace: 'auth' }, spec });
}

function asRead({ metadata, spec }: { metadata: { name: string; namespace: string }; spec: object }): AuthCluster {
  return {
    apiVersion: 'authcluster.dev/v1alpha1',
    kind: 'AuthCluster',
    metadata: { ...metadata, uid: '6f7c1f5e-0000-4000-8000-000000000001', resourceVersion: '1', generation: 1 },
    spec: withDefaults(SPEC_SCHEMA, spec) as AuthClusterSpec,
  };
}

interface Schema {
  default?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
}

const CRD = parse(readFileSync(join(ROOT, 'crds/authclusters.yaml'), 'utf8'));
const SPEC_SCHEMA: Schema = CRD.spec.versions[0].schema.openAPIV3Schema.properties.spec;

/** Structural defaulting, as the API server does it: a missing property with a default gets it, then its parts theirs. */
function withDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, part] of Object.entries(schema.properties)) {
    const given = result[name] ?? structuredClone(part.default);
    if (given !== undefined) result[name] = withDefaults(part, given);
  }
  return result;
}

const login = (username: string): PostgresLogin => ({
  username,
  password: `password-of-${username}`,
  verifier: `SCRAM-SHA-256$4096:${username}$stored:server`,
});

/** Material that is the same in every run. */
export const SAMPLE_INPUTS: BuilderInputs = {
  images: {
    authApi: 'ghcr.io/authcluster/auth-api:1.2.3',
    postgres: 'ghcr.io/authcluster/postgres:17-1.2.3',
    pgbouncer: 'ghcr.io/authcluster/pgbouncer:1.2.3',
    redis: 'ghcr.io/authcluster/redis:1.2.3',
    gateway: 'ghcr.io/authcluster/gateway:1.2.3',
    exporters: 'ghcr.io/authcluster/exporters:1.2.3',
  },
  imagePullSecrets: [],
  credentials: {
    api: { operationsToken: 'operations' },
    postgres: {
      superuser: login('postgres'),
      replication: login('replicator'),
      migrator: login('auth_migrator'),
      app: login('auth_app'),
      pooler: login('pgbouncer'),
      patroni: login('patroni'),
      monitoring: undefined,
    },
    redis: {
      password: 'api',
      operatorPassword: 'operator',
      replicationPassword: 'replication',
      monitoring: undefined,
    },
    exporterLogin: undefined,
    derivationKey: 'derivation',
    keySet: '{"keys":[]}',
  },
  startValues: undefined,
  external: {
    postgres: {
      application: { username: 'shop_app', password: 'password-of-shop_app' },
      migration: { username: 'shop_migrator', password: 'password-of-shop_migrator' },
      ca: '-----BEGIN CERTIFICATE-----',
    },
    redis: { login: { username: 'shop', password: 'password-of-shop' }, ca: '-----BEGIN CERTIFICATE-----' },
  },
  operatorNamespace: 'authcluster-system',
  prometheusOperator: true,
  seesNodes: true,
};

/** The same for an AuthCluster whose spec.monitoring is enabled. */
export const MONITORED_INPUTS: BuilderInputs = {
  ...SAMPLE_INPUTS,
  credentials: {
    ...SAMPLE_INPUTS.credentials,
    postgres: { ...SAMPLE_INPUTS.credentials.postgres, monitoring: login('auth_monitoring') },
    redis: { ...SAMPLE_INPUTS.credentials.redis, monitoring: { password: 'monitoring' } },
    exporterLogin: 'auth_monitoring',
  },
};
