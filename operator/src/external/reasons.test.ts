import { describe, expect, test } from '@jest/globals';
import type { ExternalFinding } from '../status/observed.ts';
import { NOTHING_OBSERVED } from '../status/observed.ts';
import { statusOf } from '../status/status.ts';
import { ATTEMPT, serverError } from '../testing/external-attempt.ts';
import { clusterWith, SAMPLE_INPUTS } from '../testing/sample-clusters.ts';
import { ReferencedObjects } from './material.ts';
import { postgresProblem } from './postgres-problem.ts';
import type { ExternalProblem, ExternalProblemReason } from './problem.ts';
import { infoProblem, redisProblem } from './redis-check.ts';
import { primaryProblem, replicaProblem } from './server-facts.ts';
import { ExternalTier } from './tier.ts';

const database = {
  primary: { host: 'db.example' },
  maxConnections: 100,
  credentials: { application: { secretName: 'db' } },
};
const cluster = clusterWith({ postgres: { mode: 'External', external: database } });
const named = { address: 'db.example:5432', addressField: 'spec.postgres.external.primary.host' };
const replica = { ...named, addressField: 'spec.postgres.external.replicas.hosts' };
const ENDPOINT = ['cache.example:6379', 'spec.redis.external.endpoints[0]'] as const;

const refused = (code: string, message?: string) => postgresProblem(serverError(code, message), ATTEMPT, 'auth');
const info = (version: string, cluster: number) =>
  `redis_version:${version}\r\nrole:master\r\ncluster_enabled:${cluster}\r\n`;

/** Objects that the spec refers to, as they are: nothing else is there. */
function objects(data?: Record<string, string>) {
  const encoded = Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const get = async () => (data === undefined ? undefined : { data: Object.fromEntries(encoded) });
  return { get } as unknown as ConstructorParameters<typeof ReferencedObjects>[0];
}

async function login(data?: Record<string, string>): Promise<ExternalProblem | undefined> {
  const found = await new ReferencedObjects(objects(data), 'auth').login(
    { secretName: 'db', usernameKey: 'username', passwordKey: 'password' },
    'spec.postgres.external.credentials.application',
  );
  return found.kind === 'problem' ? found.problem : undefined;
}

async function authority(data?: Record<string, string>): Promise<ExternalProblem | undefined> {
  const found = await new ReferencedObjects(objects(data), 'auth').authority(
    { mode: 'VerifyFull', ca: { kind: 'ConfigMap', name: 'db-ca', key: 'ca.crt' } },
    'spec.postgres.external.tls',
  );
  return found.kind === 'problem' ? found.problem : undefined;
}

async function reserved(): Promise<ExternalProblem | undefined> {
  const client = objects({ username: 'pgbouncer', password: 'word' });
  return (await new ExternalTier({ client, now: () => 0 }).database('auth/acme', cluster))?.problem;
}

type Case = readonly [() => ExternalProblem | undefined | Promise<ExternalProblem | undefined>, message: string];

/** One for each reason, which the compiler sees to. */
const CASES: Readonly<Record<ExternalProblemReason, Case>> = {
  SecretMissing: [
    () => login(),
    'spec.postgres.external.credentials.application.secretName: there is no Secret db in the namespace: create it',
  ],
  SecretIncomplete: [
    () => login({ username: 'shop' }),
    'spec.postgres.external.credentials.application.passwordKey: Secret db has no value for key "password": add it, or name another key',
  ],
  ConfigMapMissing: [
    () => authority(),
    'spec.postgres.external.tls.ca.name: there is no ConfigMap db-ca in the namespace: create it',
  ],
  ConfigMapIncomplete: [
    () => authority({}),
    'spec.postgres.external.tls.ca.key: ConfigMap db-ca has no value for key "ca.crt": add it, or name another key',
  ],
  HostNotFound: [
    () => refused('ENOTFOUND'),
    'spec.postgres.external.primary.host: db.example:5432 has no address: correct the name',
  ],
  Unreachable: [
    () => refused('ECONNREFUSED', 'connect ECONNREFUSED'),
    'spec.postgres.external.primary.host: db.example:5432 does not answer (connect ECONNREFUSED): is it up, and do firewalls let the operator and the pods of this namespace in?',
  ],
  TlsFailed: [
    () => refused('CERT_HAS_EXPIRED', 'certificate has expired'),
    'spec.postgres.external.tls: db.example:5432: certificate has expired: renew the certificate of the server, or ca',
  ],
  ClientCertificateRequired: [
    () => refused('28000', 'connection requires a valid client certificate'),
    'spec.postgres.external.tls: db.example:5432 demands a certificate of its clients (connection requires a valid client certificate), which is not supported: have the server let these logins in by password, over TLS, without one',
  ],
  AuthenticationFailed: [
    () => refused('28P01', 'password authentication failed'),
    'spec.postgres.external.credentials.application: db.example:5432 refuses shop (password authentication failed): correct user name or password in the Secret, or on the server',
  ],
  UsernameReserved: [
    reserved,
    'spec.postgres.external.credentials.application: the poolers have a user pgbouncer of their own: log in as another role',
  ],
  PermissionDenied: [
    () => refused('42501', 'permission denied for database'),
    'spec.postgres.external.credentials.application: permission denied for database: grant connect on database "auth" to "shop"',
  ],
  DatabaseMissing: [
    () => refused('3D000'),
    'spec.postgres.external.database: db.example:5432 has no database auth: create database "auth", or correct the name',
  ],
  NotPrimary: [
    () => primaryProblem({ inRecovery: true, maxConnections: 100 }, named, 100),
    'spec.postgres.external.primary.host: db.example:5432 is a replica (pg_is_in_recovery): name the primary',
  ],
  NotReplica: [
    () => replicaProblem({ inRecovery: false, maxConnections: 100 }, replica),
    'spec.postgres.external.replicas.hosts: db.example:5432 is no replica (pg_is_in_recovery is false): it was promoted, or the name leads to the primary, which answers all reads: name a server that streams from the primary, or remove it',
  ],
  PositionMissing: [
    () => primaryProblem({ inRecovery: false, maxConnections: 100, positionMissing: 'not supported' }, named, 100),
    'spec.postgres.external.primary.host: db.example:5432 does not tell its write position (not supported), by which pods know whether their caches hold: use PostgreSQL itself, such as Amazon RDS; Aurora is not supported',
  ],
  TooFewConnections: [
    () => primaryProblem({ inRecovery: false, maxConnections: 60 }, named, 100),
    'spec.postgres.external.maxConnections: max_connections of db.example:5432 is 60: lower maxConnections to it, or raise it on the server',
  ],
  TopologyMismatch: [
    () => infoProblem(info('8.0.2', 0), { topology: 'Cluster' }, ...ENDPOINT),
    'spec.redis.external.topology: cache.example:6379 is no node of a cluster: set topology to Single',
  ],
  VersionTooOld: [
    () => infoProblem(info('6.2.14', 0), { topology: 'Single' }, ...ENDPOINT),
    'spec.redis.external.endpoints[0]: cache.example:6379 is Redis 6.2.14: use Redis 7 or newer',
  ],
  ServerNotWhole: [
    () => redisProblem(new Error('CLUSTERDOWN Hash slot not served'), { ...ATTEMPT, address: ENDPOINT[0] }),
    'cache.example:6379: CLUSTERDOWN Hash slot not served: see the state of that Redis',
  ],
  ServerRefused: [() => refused('XX000', 'internal error'), 'db.example:5432: internal error'],
};

/** What `kubectl describe` shows of the database's condition. */
function shown(externalDatabase: ExternalFinding): string {
  const { conditions = [] } = statusOf(cluster, { ...NOTHING_OBSERVED, externalDatabase }, SAMPLE_INPUTS, new Date(0));
  const { status, reason, message } = conditions.find(({ type }) => type === 'DatabaseReady') ?? {};
  return `${status} ${reason}: ${message}`;
}

describe('a condition of an external server', () => {
  test.each(Object.entries(CASES))('with reason %s names field and fix', async (reason, [find, message]) => {
    const problem = await find();
    expect(problem).toEqual({ reason, message });
    if (problem === undefined) return;
    expect(shown({ problem, shortcomings: [] })).toBe(
      `False ${reason}: ${message}; what runs keeps the login that it has`,
    );
    expect(shown({ shortcomings: [problem] })).toBe(`True ${reason}: ${message}`);
  });
});
