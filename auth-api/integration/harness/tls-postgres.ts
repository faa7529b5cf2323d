import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type CertificateFiles, makeCertificates } from '../../../dev/containers/certificates.ts';
import { Container } from '../../../dev/containers/container.ts';
import { eventually } from '../../../dev/eventually.ts';

export interface TlsPostgres {
  readonly port: number;
  readonly container: Container;
  readonly certificates: CertificateFiles;
}

/** Throw-away roles of a throw-away server. */
export const logins = {
  application: { username: 'shop_app', password: 'word of the app' },
  migration: { username: 'shop_migrator', password: 'word of migrations' },
  /** Let in with a certificate of its own alone. */
  withCertificate: { username: 'with_certificate', password: 'word' },
};

/** All of 127.0.0.0/8 is this machine; the certificate names the first of these. */
export const hosts = { named: '127.0.0.1', unnamed: '127.0.0.2' };

const roles = `
${Object.values(logins)
  .map(({ username, password }) => `create role ${username} login password '${password}';`)
  .join('\n')}
create database auth;
grant connect, create on database auth to shop_migrator;
`;

const rules = `
local all all trust
hostssl all with_certificate all scram-sha-256 clientcert=verify-ca
hostssl all all all scram-sha-256
`;

const script = (port: number) => `set -e
initdb -D /data/tls -U postgres --auth=trust --no-sync >/tmp/initdb.log
cp /server/pg_hba.conf /data/tls/pg_hba.conf
install -m 600 /server/server.key /data/tls/server.key
pg_ctl -D /data/tls -w -o "-p ${port} -c listen_addresses='' -c unix_socket_directories=/tmp" start >/dev/null
psql -q -h /tmp -p ${port} -U postgres -v ON_ERROR_STOP=1 -f /server/roles.sql
pg_ctl -D /data/tls -w stop >/dev/null
exec postgres -D /data/tls -p ${port} -c listen_addresses=${hosts.named},${hosts.unnamed} -c unix_socket_directories=/tmp \\
  -c fsync=off -c shared_buffers=32MB -c max_connections=60 \\
  -c ssl=on -c ssl_cert_file=/server/server.crt -c ssl_key_file=/data/tls/server.key -c ssl_ca_file=/server/ca.crt`;

/** PostgreSQL as somebody else runs it: by TLS alone, with a certificate of an authority of its own. */
export async function startTlsPostgres(image: string, port: number, directory: string): Promise<TlsPostgres> {
  const folder = join(directory, 'tls-postgres');
  await mkdir(folder, { recursive: true });
  const certificates = await makeCertificates(folder);
  await writeFile(join(folder, 'pg_hba.conf'), rules);
  await writeFile(join(folder, 'roles.sql'), roles);
  // The server reads them under a user of its own.
  await chmod(join(folder, 'server.key'), 0o644);
  const container = await Container.start({
    name: 'tls-postgres',
    image,
    entrypoint: 'bash',
    command: ['-c', script(port)],
    mounts: { [folder]: '/server' },
  });
  await eventually(() => answers(port), 120_000);
  return { port, container, certificates };
}

async function answers(port: number): Promise<void> {
  const { username, password } = logins.application;
  const ssl = { rejectUnauthorized: false };
  const settings = { host: hosts.named, port, user: username, password, database: 'postgres', ssl };
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  await client.end();
}
