import type { AuthCluster } from '../../api/authcluster.ts';
import type { PostgresMaterial } from '../../external/postgres-check.ts';
import { type Credentials, type PostgresLogin, taken } from '../inputs.ts';
import { isPoolerWatched } from '../monitoring/exporters.ts';
import { DATABASE, PORTS, ROLES } from '../names.ts';
import { APP_SETTINGS } from '../postgres/role-settings.ts';
import { type PostgresServers, serverDatabase, TLS_MODES } from '../postgres/servers.ts';
import { twinOf } from '../secrets/rotated.ts';

/** Beside pgbouncer.ini, where certificates of an external server are verified. */
export const SERVER_CA_FILE = 'server-ca.crt';

/** For whom the connection budget leaves out: the operator and exporter at the console, and the warming of the caches. */
const SPARE_CLIENT_CONNECTIONS = 10;

/** pgbouncer.ini for poolers whose server connections go to these servers. */
export function pgbouncerIni(
  cluster: AuthCluster,
  servers: PostgresServers,
  poolSize: number,
  external?: PostgresMaterial,
): string {
  const consoleUsers = [ROLES.pooler, twinOf(ROLES.pooler)];
  const exporterUsers = [ROLES.monitoring, twinOf(ROLES.monitoring)];
  const settings: Record<string, string | number> = {
    listen_addr: '*',
    listen_port: PORTS.postgres,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: '/etc/pgbouncer/userlist.txt',
    // Both of a pair, so that a rotation changes users alone.
    admin_users: consoleUsers.join(', '),
    stats_users: [...consoleUsers, ...(isPoolerWatched(cluster) ? exporterUsers : [])].join(', '),
    pool_mode: 'transaction',
    max_prepared_statements: 200,
    max_client_conn: cluster.spec.postgres.pooler.maxClientConnections + SPARE_CLIENT_CONNECTIONS,
    default_pool_size: poolSize,
    // Over all users of the database: while a credential is rotated there are two.
    max_db_connections: poolSize,
    // A failed server login is tried again soon: 15 s, the default, would outlast most failovers.
    server_login_retry: 1,
    server_connect_timeout: 3,
    server_lifetime: 300,
    server_idle_timeout: 120,
    // Longer than a planned switchover, so that clients wait for it instead of failing.
    query_wait_timeout: 30,
    client_login_timeout: 10,
    dns_max_ttl: 5,
    tcp_keepalive: 1,
    tcp_keepidle: 3,
    tcp_keepintvl: 2,
    tcp_keepcnt: 3,
    tcp_user_timeout: 5000,
    ignore_startup_parameters: 'extra_float_digits',
    log_connections: 0,
    log_disconnections: 0,
    stats_period: 300,
    ...externalTls(cluster),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  const target = [
    `host=${servers.hosts.join(',')} port=${servers.port} dbname=${serverDatabase(cluster)}`,
    ...(external === undefined ? [] : [externalLogin(external)]),
  ];
  return `[databases]\n${DATABASE} = ${target.join(' ')}\n\n[pgbouncer]\n${lines.join('\n')}\n`;
}

/**
 * Towards an external server all clients are one user, whose password is in the user list. What Managed has as settings
 * of the role is set here, since the role is somebody else's.
 */
function externalLogin({ application: { username } }: PostgresMaterial): string {
  const { search_path: _qualifiedEverywhere, ...settings } = APP_SETTINGS;
  const set = Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}'`);
  return `user=${quoted(username)} connect_query=${quoted(set.join('; '))}`;
}

function externalTls(cluster: AuthCluster): Record<string, string> {
  const { external } = cluster.spec.postgres;
  if (external === undefined) return {};
  const { ca, mode } = external.tls;
  return {
    server_tls_sslmode: TLS_MODES[mode],
    ...(ca === undefined ? {} : { server_tls_ca_file: `/etc/pgbouncer/${SERVER_CA_FILE}` }),
  };
}

/** A value of a connection string. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * userlist.txt with SCRAM verifiers: a client that logs in with one proves to know the key with which PgBouncer then
 * logs in to the server, which holds the same verifier. Of what logs in to an external server, whose verifier nobody
 * tells, there is the password.
 */
export function userlist({ postgres: { app, pooler, monitoring } }: Credentials, external?: PostgresMaterial): string {
  const ofExporters = monitoring === undefined ? [] : taken<PostgresLogin>(monitoring);
  const users = [
    ...[...taken(app), ...taken(pooler)].map(({ username, verifier }) => [username, verifier]),
    ...(external === undefined ? [] : [[external.application.username, external.application.password]]),
    ...ofExporters.map(({ username, verifier }) => [username, verifier]),
  ];
  return users.map((fields) => `${fields.map((field) => `"${field?.replaceAll('"', '""')}"`).join(' ')}\n`).join('');
}
