/** The database, roles and privileges the auth API needs: what there is, what is missing, as statements. */

export interface Role {
  name: string;
  /** SCRAM-SHA-256 verifier; PostgreSQL stores it as it is. Undefined: nobody may log in as it. */
  verifier: string | undefined;
  /** Role settings, applied at login: `{statement_timeout: '30s'}`. */
  settings: Readonly<Record<string, string>>;
  /** A role whose privileges it has. */
  memberOf?: string;
  /** Others have its privileges, whether or not it may log in. */
  carriesPrivileges?: boolean;
  /** `superuser`: only its password is looked after. */
  attributes: 'plain' | 'replication' | 'superuser';
}

export interface WantedAccounts {
  database: string;
  schema: string;
  /** Owns the schema and what migrations put into it. */
  migrator: Role;
  /** Reads and writes rows; changes no structure. */
  app: Role;
  /** Standbys log in as it, and compare data files with those of a new primary (pg_rewind). */
  replication: Role;
  /** Reads statistics and no rows, where it carries privileges: otherwise nobody is to. */
  monitoring: Role;
  /** The superuser, and roles that take turns with others while credentials are rotated. */
  others: readonly Role[];
}

/** In the order in which they are made: a role comes after the one it is a member of. */
export function allRoles({ migrator, app, replication, monitoring, others }: WantedAccounts): Role[] {
  return [migrator, app, replication, monitoring, ...others];
}

/** What the server says, in the shapes of {@link ACCOUNTS_QUERY} and {@link SCHEMA_QUERY}. */
export interface ObservedRole {
  name: string;
  verifier: string | null;
  settings: string[] | null;
  canLogin: boolean;
  attributes: Role['attributes'] | 'other';
  memberOf: readonly string[];
}

export interface ObservedAccounts {
  roles: readonly ObservedRole[];
  databaseExists: boolean;
  /** Whether everybody may still connect to the database. */
  openToPublic: boolean;
  /** Privileges on the database, as `role PRIVILEGE`. */
  grants: readonly string[];
  /** Members of pg_monitor. */
  monitors: readonly string[];
  /** Whether the role of replication may read data files for pg_rewind. */
  mayRewind: boolean;
}

export interface ObservedSchema {
  owner: string | null;
  usageGranted: boolean;
  /** Object types (`r` tables, `S` sequences, `f` functions) with default privileges for the app. */
  defaults: readonly string[];
}

/** What pg_rewind calls on the source (its documentation, "Notes"). */
const REWIND_FUNCTIONS = [
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)',
];

/** Run in database `postgres` with values [role names, database, role of replication]. One row of {@link ObservedAccounts}. */
export const ACCOUNTS_QUERY = `
  select
    coalesce((select json_agg(json_build_object('name', rolname, 'verifier', rolpassword,
        'settings', (select setconfig from pg_db_role_setting where setrole = a.oid and setdatabase = 0),
        'canLogin', rolcanlogin,
        'attributes', case when rolsuper then 'superuser' when rolcreatedb or rolcreaterole or rolbypassrls then 'other'
          when rolreplication then 'replication' else 'plain' end,
        'memberOf', (select coalesce(json_agg(g.rolname), '[]') from pg_auth_members m join pg_roles g on g.oid = m.roleid
          where m.member = a.oid)))
      from pg_authid a where rolname = any($1)), '[]') as roles,
    exists (select from pg_database where datname = $2) as "databaseExists",
    exists (select from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g
      where d.datname = $2 and g.grantee = 0) as "openToPublic",
    coalesce((select json_agg(r.rolname || ' ' || g.privilege_type)
      from pg_database d, aclexplode(d.datacl) g join pg_roles r on r.oid = g.grantee
      where d.datname = $2), '[]') as grants,
    coalesce((select json_agg(r.rolname) from pg_auth_members m join pg_roles r on r.oid = m.member
      where m.roleid = 'pg_monitor'::regrole), '[]') as monitors,
    coalesce((select bool_and(has_function_privilege(r.oid, f::regprocedure, 'execute'))
      from pg_roles r, unnest(array['${REWIND_FUNCTIONS.join("', '")}']) f where r.rolname = $3), false) as "mayRewind"`;

/** Run in the database itself with values [schema, migrator, app]. One row of {@link ObservedSchema}. */
export const SCHEMA_QUERY = `
  select
    (select nspowner::regrole::text from pg_namespace where nspname = $1) as owner,
    exists (select from pg_namespace n, aclexplode(n.nspacl) g join pg_roles r on r.oid = g.grantee
      where n.nspname = $1 and r.rolname = $3 and g.privilege_type = 'USAGE') as "usageGranted",
    coalesce((select json_agg(distinct d.defaclobjtype) from pg_default_acl d
      join pg_namespace n on n.oid = d.defaclnamespace join pg_roles m on m.oid = d.defaclrole,
      aclexplode(d.defaclacl) g join pg_roles r on r.oid = g.grantee
      where n.nspname = $1 and m.rolname = $2 and r.rolname = $3), '[]') as defaults`;

/** Statements for database `postgres` that lead from what is to what is wanted; empty when nothing is missing. */
export function accountStatements(wanted: WantedAccounts, observed: ObservedAccounts): string[] {
  const isMonitored = wanted.monitoring.carriesPrivileges === true;
  const database = identifier(wanted.database);
  const statements = allRoles(wanted).flatMap((role) =>
    roleStatements(
      role,
      observed.roles.find(({ name }) => name === role.name),
    ),
  );
  if (!observed.databaseExists) statements.push(`create database ${database}`);
  if (!observed.databaseExists || observed.openToPublic)
    statements.push(`revoke all on database ${database} from public`);
  for (const [role, privilege] of [
    [wanted.migrator.name, 'CONNECT'],
    // Asked for by `create schema if not exists` even where the schema exists, and by trusted extensions.
    [wanted.migrator.name, 'CREATE'],
    [wanted.app.name, 'CONNECT'],
    ...(isMonitored ? [[wanted.monitoring.name, 'CONNECT'] as const] : []),
  ] as const) {
    if (observed.grants.includes(`${role} ${privilege}`)) continue;
    statements.push(`grant ${privilege.toLowerCase()} on database ${database} to ${identifier(role)}`);
  }
  if (!observed.mayRewind) {
    const functions = REWIND_FUNCTIONS.map((name) => `pg_catalog.${name}`).join(', ');
    statements.push(`grant execute on function ${functions} to ${identifier(wanted.replication.name)}`);
  }
  if (isMonitored && !observed.monitors.includes(wanted.monitoring.name)) {
    statements.push(`grant pg_monitor to ${identifier(wanted.monitoring.name)}`);
  }
  return statements;
}

function roleStatements(role: Role, observed: ObservedRole | undefined): string[] {
  const name = identifier(role.name);
  // Nobody needs a role that never was.
  if (observed === undefined && role.verifier === undefined && !role.carriesPrivileges) return [];
  const statements = observed === undefined ? creation(name, role) : correction(name, role, observed);
  if (role.memberOf !== undefined && !observed?.memberOf.includes(role.memberOf)) {
    statements.push(`grant ${identifier(role.memberOf)} to ${name}`);
  }
  const settings = new Set(observed?.settings ?? []);
  for (const [key, value] of Object.entries(role.settings)) {
    if (!settings.has(`${key}=${value}`)) statements.push(`alter role ${name} set ${key} = ${literal(value)}`);
  }
  return statements;
}

function creation(name: string, { attributes, verifier }: Role): string[] {
  const replication = attributes === 'replication' ? ' replication' : '';
  const login = verifier === undefined ? 'nologin' : `login password ${literal(verifier)}`;
  return [`create role ${name}${replication} ${login}`];
}

function correction(name: string, { attributes, verifier }: Role, observed: ObservedRole): string[] {
  const statements: string[] = [];
  if (observed.attributes !== attributes && attributes !== 'superuser') {
    const replication = attributes === 'replication' ? 'replication' : 'noreplication';
    statements.push(`alter role ${name} nosuperuser nocreatedb nocreaterole ${replication} nobypassrls`);
  }
  if (verifier === undefined) {
    if (observed.canLogin || observed.verifier !== null) statements.push(`alter role ${name} nologin password null`);
    return statements;
  }
  if (!observed.canLogin) statements.push(`alter role ${name} login`);
  if (observed.verifier !== verifier) statements.push(`alter role ${name} password ${literal(verifier)}`);
  return statements;
}

/** The same for inside the database. */
export function schemaStatements(wanted: WantedAccounts, observed: ObservedSchema): string[] {
  const schema = identifier(wanted.schema);
  const migrator = identifier(wanted.migrator.name);
  const app = identifier(wanted.app.name);
  const statements: string[] = [];
  if (observed.owner === null) statements.push(`create schema ${schema} authorization ${migrator}`);
  else if (observed.owner !== wanted.migrator.name) statements.push(`alter schema ${schema} owner to ${migrator}`);
  if (!observed.usageGranted) statements.push(`grant usage on schema ${schema} to ${app}`);
  const defaults = `alter default privileges for role ${migrator} in schema ${schema} grant`;
  if (!observed.defaults.includes('r'))
    statements.push(`${defaults} select, insert, update, delete on tables to ${app}`);
  if (!observed.defaults.includes('S')) statements.push(`${defaults} usage, select on sequences to ${app}`);
  if (!observed.defaults.includes('f')) statements.push(`${defaults} execute on functions to ${app}`);
  return statements;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Values never hold a backslash or come from users, but quoting costs nothing. */
function literal(value: string): string {
  if (value.includes('\\') || value.includes('\0')) throw new RangeError('not a plain SQL literal');
  return `'${value.replaceAll("'", "''")}'`;
}
