import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { Container } from '../../../dev/containers/container.ts';
import { database } from './postgres.ts';

export interface PoolerSettings {
  readonly name: string;
  readonly image: string;
  readonly port: number;
  readonly serverPort: number;
  /** SCRAM verifiers by user: the same that the server holds. */
  readonly verifiers: Readonly<Record<string, string>>;
  readonly directory: string;
}

export interface Pooler {
  readonly port: number;
  readonly container: Container;
}

/** Of the admin console, which is a database named pgbouncer. */
export const consoleLogin = { user: 'console', password: 'throw-away' };

export async function startPooler(settings: PoolerSettings): Promise<Pooler> {
  const { name, image, port, directory, verifiers } = settings;
  const folder = join(directory, name);
  await mkdir(folder, { recursive: true });
  const users = Object.entries(verifiers).map(([user, verifier]) => `"${user}" "${verifier}"\n`);
  await writeFile(
    join(folder, 'userlist.txt'),
    [...users, `"${consoleLogin.user}" "${consoleLogin.password}"\n`].join(''),
  );
  await writeFile(join(folder, 'pgbouncer.ini'), configuration(settings));
  const container = await Container.start({
    name,
    image,
    entrypoint: '/usr/local/bin/run',
    command: ['/etc/pgbouncer/pgbouncer.ini'],
    mounts: { [folder]: '/etc/pgbouncer' },
  });
  return { port, container };
}

/** Sends it to another server, as the operator does after a failover. */
export async function repoint(settings: Pick<PoolerSettings, 'name' | 'directory' | 'port' | 'serverPort'>) {
  const { name, directory, port } = settings;
  // The image has PgBouncer read what changes: it must not be half of a file.
  await writeFile(join(directory, `${name}.ini.new`), configuration(settings));
  await rename(join(directory, `${name}.ini.new`), join(directory, name, 'pgbouncer.ini'));
  const console = new pg.Client({ host: '127.0.0.1', port, database: 'pgbouncer', ...consoleLogin });
  await console.connect();
  await console.query('RELOAD');
  await console.end();
}

const configuration = ({ port, serverPort }: Pick<PoolerSettings, 'port' | 'serverPort'>) => `[databases]
${database} = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
pool_mode = transaction
max_prepared_statements = 200
admin_users = ${consoleLogin.user}
max_client_conn = 1000
default_pool_size = 20
server_login_retry = 1
server_connect_timeout = 3
query_wait_timeout = 10
ignore_startup_parameters = extra_float_digits
`;
