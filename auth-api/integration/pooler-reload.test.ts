import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import { projectImages } from './harness/images.ts';
import { consoleLogin, type Pooler, startPooler } from './harness/pgbouncer.ts';
import { connect, database, passwords } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';

const limitMs = 60_000;
const name = 'pooler-reload';
const { directory, primaryPort } = runningStack();
const opened: pg.Client[] = [];
let pooler: Pooler;

beforeAll(async () => {
  const [{ pgbouncer }, [port = 0], verifiers] = await Promise.all([projectImages(), freePorts(1), appVerifier()]);
  pooler = await startPooler({ name, image: pgbouncer, port, serverPort: primaryPort, verifiers, directory });
}, limitMs);
afterAll(async () => {
  await Promise.all(opened.map((client) => client.end()));
  await pooler?.container.remove();
}, limitMs);

async function appVerifier(): Promise<Record<string, string>> {
  const superuser = await connect(primaryPort, 'postgres', 'postgres');
  opened.push(superuser);
  const { rows } = await superuser.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'auth_app'");
  return { auth_app: rows[0].rolpassword };
}

/** Kept open: what a reload must not end. */
async function open(login: { user: string; password: string; database: string }): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port: pooler.port, ...login });
  await client.connect();
  opened.push(client);
  return client;
}

/** As a kubelet does: whoever reads it sees the former file, or the whole of the new one. */
async function change(file: string, edit: (text: string) => string): Promise<void> {
  const path = join(directory, name, file);
  const text = edit(await readFile(path, 'utf8'));
  await writeFile(join(directory, `${name}.new`), text);
  await rename(join(directory, `${name}.new`), path);
}

test('a pooler takes changed files while it runs: transactions go on, and no client is dropped', async () => {
  const app = { user: 'auth_app', password: passwords.auth_app, database };
  const console = await eventually(() => open({ ...consoleLogin, database: 'pgbouncer' }), limitMs);
  const [busy, idle] = [await open(app), await open(app)];
  await busy.query('BEGIN');
  const { rows: before } = await busy.query('SELECT pg_current_xact_id()::text AS id');
  await idle.query('SELECT 1');

  await change('pgbouncer.ini', (text) => text.replace('default_pool_size = 20', 'default_pool_size = 7'));
  await change('userlist.txt', (text) => `${text}"newcomer" "throw-away"\n`);
  await eventually(async () => {
    const { rows } = await console.query('SHOW CONFIG');
    expect(rows.find(({ key }) => key === 'default_pool_size')?.value).toBe('7');
    const { rows: users } = await console.query('SHOW USERS');
    expect(users.map((user) => user.name)).toContain('newcomer');
  }, limitMs);

  const { rows: after } = await busy.query('SELECT pg_current_xact_id()::text AS id');
  expect(after).toEqual(before);
  await busy.query('COMMIT');
  await idle.query('SELECT 1');
  await (await open(app)).query('SELECT 1');
}, 120_000);
