import pg from 'pg';
import { Container } from '../../../dev/containers/container.ts';
import { eventually } from '../../../dev/eventually.ts';

export const database = 'auth';
/** Throw-away servers on 127.0.0.1: the passwords guard nothing. */
export const passwords = { postgres: 'postgres', replicator: 'replicator', auth_migrator: 'migrator', auth_app: 'app' };

export interface PostgresServer {
  readonly port: number;
  readonly container: Container;
}

/** Of a server on a machine that has much else to do. */
const startLimitMs = 120_000;

/** The data stays in the container, so that it survives a kill and a restart. */
const pgdata = '/data/pgdata';

const serve = (port: number) =>
  `exec postgres -D ${pgdata} -p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp ` +
  '-c fsync=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=100 -c max_wal_size=256MB';

const primaryScript = (port: number) => `set -e
if [ ! -s ${pgdata}/PG_VERSION ]; then
  echo ${passwords.postgres} >/tmp/password
  initdb -D ${pgdata} -U postgres --pwfile=/tmp/password --auth=scram-sha-256 --no-sync >/tmp/initdb.log
  echo 'host replication replicator 127.0.0.1/32 scram-sha-256' >>${pgdata}/pg_hba.conf
fi
${serve(port)}`;

const replicaScript = (port: number, primaryPort: number) => `set -e
if [ ! -s ${pgdata}/PG_VERSION ]; then
  primary='host=127.0.0.1 port=${primaryPort} user=replicator password=${passwords.replicator} application_name=replica'
  until pg_basebackup -D ${pgdata} -d "$primary" -R -X stream -c fast --no-sync 2>/tmp/basebackup.log; do sleep 0.2; done
fi
${serve(port)} -c hot_standby=on`;

export async function startPrimary(image: string, port: number, name = 'primary'): Promise<PostgresServer> {
  const command = ['-c', primaryScript(port)];
  const container = await Container.start({ name, image, entrypoint: 'bash', command });
  return { port, container };
}

export async function startReplica(
  image: string,
  port: number,
  primaryPort: number,
  name = 'replica',
): Promise<PostgresServer> {
  const command = ['-c', replicaScript(port, primaryPort)];
  const container = await Container.start({ name, image, entrypoint: 'bash', command });
  return { port, container };
}

/** Waits for the primary and makes its roles and database; returns the verifiers, as PgBouncer's userlist wants them. */
export async function createRoles(port: number): Promise<Record<string, string>> {
  const client = await eventually(() => connect(port, 'postgres', 'postgres'), startLimitMs);
  try {
    await client.query(`CREATE ROLE replicator REPLICATION LOGIN PASSWORD '${passwords.replicator}'`);
    await client.query(`CREATE ROLE auth_migrator LOGIN PASSWORD '${passwords.auth_migrator}'`);
    await client.query(`CREATE ROLE auth_app LOGIN PASSWORD '${passwords.auth_app}'`);
    await client.query(`CREATE DATABASE ${database} OWNER auth_migrator`);
    const { rows } = await client.query<{ rolname: string; rolpassword: string }>(
      "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = 'auth_app'",
    );
    return Object.fromEntries(rows.map((row) => [row.rolname, row.rolpassword]));
  } finally {
    await client.end();
  }
}

/** Straight to a server, past PgBouncer. The caller ends it. */
export async function connect(port: number, user: keyof typeof passwords, name = database): Promise<pg.Client> {
  const settings = { host: '127.0.0.1', port, user, password: passwords[user], database: name };
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: 2_000 });
  await client.connect();
  // A test that kills the server says so itself.
  client.on('error', () => {});
  return client;
}
