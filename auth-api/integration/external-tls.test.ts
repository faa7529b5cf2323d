import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { makeCertificates } from '../../dev/containers/certificates.ts';
import { Container } from '../../dev/containers/container.ts';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import { checkPostgres, type PostgresMaterial } from '../../operator/src/external/postgres-check.ts';
import { migrateEnvironment } from '../../operator/src/specs/auth-api/environment.ts';
import { pooler } from '../../operator/src/specs/pooler/pooler.ts';
import { clusterWith, SAMPLE_INPUTS } from '../../operator/src/testing/sample-clusters.ts';
import { runCommand } from './harness/api-process.ts';
import { projectImages } from './harness/images.ts';
import { runningStack } from './harness/running-stack.ts';
import { hosts, logins, startTlsPostgres, type TlsPostgres } from './harness/tls-postgres.ts';

const stack = runningStack();
let server: TlsPostgres;
let image: string;
let otherAuthority: string;
const started: Container[] = [];

beforeAll(async () => {
  const [images, [port = 0], folder] = await Promise.all([
    projectImages(),
    freePorts(1),
    mkdtemp(join(stack.directory, 'other-authority-')),
  ]);
  image = images.pgbouncer;
  server = await startTlsPostgres(images.postgres, port, stack.directory);
  otherAuthority = (await makeCertificates(folder)).ca;
});
afterEach(() => Promise.all(started.splice(0).map((container) => container.remove())));
afterAll(() => server?.container.remove());

type Mode = 'Disable' | 'Require' | 'VerifyCA' | 'VerifyFull';
type Verdict = 'works' | 'is refused';

interface Case {
  mode: Mode;
  host: string;
  /** Undefined where nothing is verified. */
  ca: string | undefined;
}

function clusterOf({ mode, host, ca }: Case) {
  const tls = { mode, ...(ca === undefined ? {} : { ca: { name: 'ca' } }) };
  const credentials = { application: { secretName: 'app' }, migration: { secretName: 'migrator' } };
  const external = { primary: { host, port: server.port }, maxConnections: 60, credentials, tls };
  return clusterWith({ postgres: { mode: 'External', external, pooler: { instances: 1 } } });
}

function materialOf({ ca }: Case): PostgresMaterial {
  const { application, migration } = logins;
  return { application, migration, ...(ca === undefined ? {} : { ca }) };
}

async function ofOperator(seen: Case): Promise<Verdict> {
  const { external } = clusterOf(seen).spec.postgres;
  if (external === undefined) throw new Error('the database is not external');
  const { problem } = await checkPostgres(external, materialOf(seen));
  if (problem === undefined) return 'works';
  expect(problem.reason).toBe('TlsFailed');
  return 'is refused';
}

/** PgBouncer with the files of its Secret, but for where it listens, and whom it lets in. */
async function ofPooler(seen: Case): Promise<Verdict> {
  const folder = await mkdtemp(join(stack.directory, 'external-pooler-'));
  const [port = 0] = await freePorts(1);
  const inputs = { ...SAMPLE_INPUTS, external: { postgres: materialOf(seen) } };
  const secret = pooler(clusterOf(seen), inputs).find(({ kind }) => kind === 'Secret') as unknown as {
    data: Record<string, string>;
  };
  const text = (key: string) => Buffer.from(secret.data[key] ?? '', 'base64').toString('utf8');
  const here = `listen_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = trust\n`;
  // PgBouncer reads it under a user of its own.
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'pgbouncer.ini'), text('pgbouncer-rw.ini') + here);
  await writeFile(join(folder, 'userlist.txt'), text('userlist.txt'));
  if (seen.ca !== undefined) await writeFile(join(folder, 'server-ca.crt'), text('server-ca.crt'));
  const mounts = { [folder]: '/etc/pgbouncer' };
  const name = `external-pooler-${port}`;
  started.push(
    await Container.start({
      name,
      image,
      entrypoint: '/usr/local/bin/run',
      command: ['/etc/pgbouncer/pgbouncer.ini'],
      mounts,
    }),
  );
  await eventually(() => ask(port, 'pgbouncer', 'pgbouncer', 'SHOW VERSION'), 60_000);
  const user = await ask(port, 'auth_app', 'auth', 'select current_user').catch(() => undefined);
  if (user === undefined) return 'is refused';
  expect(user).toEqual({ current_user: logins.application.username });
  return 'works';
}

/** The first row of the answer. */
async function ask(port: number, user: string, database: string, query: string): Promise<unknown> {
  const settings = { host: '127.0.0.1', port, user, database, connectionTimeoutMillis: 10_000, query_timeout: 10_000 };
  const client = new pg.Client(settings);
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(query)).rows[0];
  } finally {
    void client.end().catch(() => {});
  }
}

async function ofMigrations(seen: Case): Promise<Verdict> {
  const folder = await mkdtemp(join(stack.directory, 'external-migrations-'));
  const { username, password } = logins.migration;
  const files = { username, password, ...(seen.ca === undefined ? {} : { 'ca.crt': seen.ca }) };
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  const environment = migrateEnvironment(clusterOf(seen)).flatMap((entry) =>
    'value' in entry ? [[entry.name, String(entry.value)]] : [],
  );
  const here = { POSTGRES_CREDENTIALS_DIR: folder, APP_ROLE: logins.application.username };
  const { exitCode } = await runCommand('migrate', { ...Object.fromEntries(environment), ...here });
  return exitCode === 0 ? 'works' : 'is refused';
}

describe('an external database that is reached by TLS alone', () => {
  const ours = () => server.certificates.ca;
  const other = () => otherAuthority;
  const none = () => undefined;
  test.each<[Mode, string, string, () => string | undefined, Verdict]>([
    ['Disable', 'whatever it shows', hosts.named, none, 'is refused'],
    ['Require', 'its certificate', hosts.named, none, 'works'],
    ['Require', 'a certificate for another name', hosts.unnamed, none, 'works'],
    ['VerifyCA', 'its certificate', hosts.named, ours, 'works'],
    ['VerifyCA', 'a certificate for another name', hosts.unnamed, ours, 'works'],
    ['VerifyCA', 'a certificate of another authority', hosts.named, other, 'is refused'],
    ['VerifyFull', 'its certificate', hosts.named, ours, 'works'],
    ['VerifyFull', 'a certificate for another name', hosts.unnamed, ours, 'is refused'],
    ['VerifyFull', 'a certificate of another authority', hosts.named, other, 'is refused'],
  ])(
    'with tls.mode %s and %s is the same to operator, poolers and migrations',
    async (mode, _shows, host, ca, verdict) => {
      const seen = { mode, host, ca: ca() };
      const [operator, poolers, migrations] = [await ofOperator(seen), await ofPooler(seen), await ofMigrations(seen)];
      expect({ operator, poolers, migrations }).toEqual({ operator: verdict, poolers: verdict, migrations: verdict });
    },
  );

  test('and wants a certificate of its clients is told so', async () => {
    const seen: Case = { mode: 'VerifyFull', host: hosts.named, ca: server.certificates.ca };
    const { external } = clusterOf(seen).spec.postgres;
    if (external === undefined) throw new Error('the database is not external');
    const { problem } = await checkPostgres(external, {
      application: logins.withCertificate,
      ca: server.certificates.ca,
    });
    expect(problem).toMatchObject({ reason: 'ClientCertificateRequired' });
  });
});
