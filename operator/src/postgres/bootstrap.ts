import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import {
  ACCOUNTS_QUERY,
  accountStatements,
  allRoles,
  type ObservedAccounts,
  type ObservedSchema,
  SCHEMA_QUERY,
  schemaStatements,
  type WantedAccounts,
} from './accounts.ts';
import { type Login, type Sql, withPostgres } from './connection.ts';
import { PARAMETERS_QUERY, type ParameterSeen } from './parameter-checks.ts';

const PORT = 5432;

/** `notAccepting`: the server is starting. A member that holds the leader key counts as ready before it listens. */
export type BootstrapOutcome =
  | { kind: 'done'; statements: number; parameters: readonly ParameterSeen[] }
  | { kind: 'notPrimary' }
  | { kind: 'notAccepting' };

/** ECONNREFUSED: nobody listens yet. 57P03, cannot_connect_now: it starts, or recovers. */
const NOT_ACCEPTING = new Set(['ECONNREFUSED', '57P03']);

/** 28P01: invalid_password. */
const WRONG_PASSWORD = '28P01';

/**
 * Brings database, roles and privileges to what is wanted, on the primary and as superuser. Reads first and runs
 * only what is missing, so a second time writes nothing. While the superuser's own password changes there are two logins,
 * of which one works. Never logs statements: they hold verifiers. The parameters that are named are looked at on the way.
 */
export async function bootstrapAccounts(
  dialer: PodDialer,
  primary: PodAddress,
  [superuser, ...others]: readonly Login[],
  wanted: WantedAccounts,
  parameters: readonly string[],
): Promise<BootstrapOutcome> {
  if (superuser === undefined) throw new RangeError('nobody to log in as');
  try {
    return await bringAccounts(dialer, primary, superuser, wanted, parameters);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === WRONG_PASSWORD && others.length > 0) {
      return bootstrapAccounts(dialer, primary, others, wanted, parameters);
    }
    if (typeof code === 'string' && NOT_ACCEPTING.has(code)) return { kind: 'notAccepting' };
    throw error;
  }
}

async function bringAccounts(
  dialer: PodDialer,
  primary: PodAddress,
  superuser: Login,
  wanted: WantedAccounts,
  parameters: readonly string[],
): Promise<BootstrapOutcome> {
  const target = { pod: primary, port: PORT, login: superuser };
  const inMaintenance = await withPostgres(dialer, { ...target, database: 'postgres' }, async (sql) => {
    const [server] = await sql.query<{ replica: boolean }>('select pg_is_in_recovery() as replica');
    if (server?.replica !== false) return undefined;
    const names = allRoles(wanted).map(({ name }) => name);
    const values = [names, wanted.database, wanted.replication.name];
    const [observed] = await sql.query<ObservedAccounts>(ACCOUNTS_QUERY, values);
    if (observed === undefined) throw new Error('the account query returned no row');
    return {
      statements: await runAll(sql, accountStatements(wanted, observed)),
      parameters: parameters.length === 0 ? [] : await sql.query<ParameterSeen>(PARAMETERS_QUERY, [parameters]),
    };
  });
  if (inMaintenance === undefined) return { kind: 'notPrimary' };

  const inDatabase = await withPostgres(dialer, { ...target, database: wanted.database }, async (sql) => {
    const values = [wanted.schema, wanted.migrator.name, wanted.app.name];
    const [observed] = await sql.query<ObservedSchema>(SCHEMA_QUERY, values);
    if (observed === undefined) throw new Error('the schema query returned no row');
    return runAll(sql, schemaStatements(wanted, observed));
  });
  return { kind: 'done', ...inMaintenance, statements: inMaintenance.statements + inDatabase };
}

async function runAll(sql: Sql, statements: readonly string[]): Promise<number> {
  for (const statement of statements) await sql.query(statement);
  return statements.length;
}
