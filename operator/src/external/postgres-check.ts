import type { ExternalPostgres } from '../api/generated/authcluster.ts';
import { openClient } from '../postgres/client.ts';
import { SCHEMA } from '../specs/names.ts';
import type { ExternalLogin } from './material.ts';
import { postgresProblem } from './postgres-problem.ts';
import type { ExternalProblem } from './problem.ts';
import { type AskRow, primaryProblem, replicaProblem, serverFacts } from './server-facts.ts';
import { tlsConnectionOptions } from './tls.ts';

export interface PostgresMaterial {
  application: ExternalLogin;
  /** Absent: the application's role runs migrations. */
  migration?: ExternalLogin;
  ca?: string;
}

export interface PostgresCheck {
  /** Why writes cannot go there; absent where they can. */
  problem?: ExternalProblem;
  /** Why a replica cannot be used, one for each such replica. */
  replicaProblems: readonly ExternalProblem[];
}

const TIMEOUT_MS = 4000;
const FIELD = 'spec.postgres.external';

/** Looks at the database as the poolers and migrations will: a real connection for each login and each replica. */
export async function checkPostgres(external: ExternalPostgres, material: PostgresMaterial): Promise<PostgresCheck> {
  const [problem, ...replicaProblems] = await Promise.all([
    checkPrimary(external, material),
    ...(external.replicas?.hosts ?? []).map((host) => checkReplica(external, material, host)),
  ]);
  return {
    ...(problem === undefined ? {} : { problem }),
    replicaProblems: replicaProblems.filter((each) => each !== undefined),
  };
}

async function checkPrimary(
  external: ExternalPostgres,
  { application, migration, ca }: PostgresMaterial,
): Promise<ExternalProblem | undefined> {
  const { host, port } = external.primary;
  const server = { host, port, addressField: `${FIELD}.primary.host`, ca };
  const facts = await ask(external, server, application, 'application', serverFacts);
  if ('reason' in facts) return facts;
  const unfit = primaryProblem(facts, named(server), external.maxConnections);
  if (unfit !== undefined) return unfit;
  const [owner, role] = migration ? ([migration, 'migration'] as const) : ([application, 'application'] as const);
  const may = await ask(external, server, owner, role, (row) => row<MigrationRights>(MIGRATION_RIGHTS));
  if ('reason' in may) return may;
  return migrationProblem(external.database, owner.username, `${FIELD}.credentials.${role}`, may);
}

async function checkReplica(
  external: ExternalPostgres,
  { application, ca }: PostgresMaterial,
  host: string,
): Promise<ExternalProblem | undefined> {
  const port = external.replicas?.port ?? external.primary.port;
  const server = { host, port, addressField: `${FIELD}.replicas.hosts`, ca };
  const facts = await ask(external, server, application, 'application', serverFacts);
  return 'reason' in facts ? facts : replicaProblem(facts, named(server));
}

interface MigrationRights {
  create: boolean;
  /** Of the schema; null where it is not there yet. */
  owner: string | null;
  owns: boolean;
}

const MIGRATION_RIGHTS = `select has_database_privilege(current_database(), 'CREATE') as create,
  (select nspowner::regrole::text from pg_namespace where nspname = '${SCHEMA}') as owner,
  coalesce((select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = '${SCHEMA}'), true) as owns`;

function migrationProblem(
  database: string,
  username: string,
  field: string,
  { create, owner, owns }: MigrationRights,
): ExternalProblem | undefined {
  if (!create) {
    const fix = `grant create on database "${database}" to "${username}"`;
    return { reason: 'PermissionDenied', message: `${field}: ${username} may not make a schema: ${fix}` };
  }
  if (owns) return undefined;
  const fix = `alter schema ${SCHEMA} owner to "${username}", with all that is in it`;
  return { reason: 'PermissionDenied', message: `${field}: schema ${SCHEMA} belongs to ${owner}: ${fix}` };
}

interface Server {
  host: string;
  port: number;
  addressField: string;
  ca: string | undefined;
}

function named({ host, port, addressField }: Server) {
  return { address: `${host}:${port}`, addressField };
}

/** What `questions` find out over one connection, or why they do not. */
async function ask<Answer>(
  external: ExternalPostgres,
  { host, port, addressField, ca }: Server,
  { username, password }: ExternalLogin,
  role: 'application' | 'migration',
  questions: (row: AskRow) => Promise<Answer>,
): Promise<Answer | ExternalProblem> {
  const ssl = tlsConnectionOptions(external.tls, ca);
  const connection = openClient({
    ...{ host, port, password, user: username, database: external.database },
    ...(ssl === undefined ? {} : { ssl }),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  const { client } = connection;
  try {
    await client.connect();
    return await questions(async <Row>(query: string) => (await client.query(query)).rows[0] as Row);
  } catch (error) {
    const loginField = `${FIELD}.credentials.${role}`;
    const attempt = { address: `${host}:${port}`, addressField, tlsField: `${FIELD}.tls`, loginField, username };
    return postgresProblem(error, attempt, external.database);
  } finally {
    await connection.close();
  }
}
