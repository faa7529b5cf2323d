import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import { portOf } from '../../testing/fakes.ts';
import { PostgresServer } from '../../testing/postgres-server.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { NotConnectedError, PoolExhaustedError } from './database-errors.ts';

let directory: string;
let server: Server;
let sockets: Socket[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'database-'));
  for (const file of ['username', 'password']) writeFileSync(join(directory, file), 'x');
  sockets = [];
  server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

function openDatabase(options: Partial<DatabaseOptions>): Database {
  return new Database({
    name: 'primary',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    database: 'auth',
    credentialsDirectory: directory,
    tls: undefined,
    poolSize: 1,
    longestQueue: 10,
    connectTimeoutMs: 60_000,
    queryTimeoutMs: 60_000,
    refusedPatienceMs: 0,
    ...options,
    breaker: portOf<CircuitBreaker>({ execute: (operation) => operation() }),
    onIdleError: () => {},
    onAnswered: () => {},
  });
}

const statement = { name: 'one', text: 'SELECT 1' };

test('so many wait for a connection, and the next is refused at once', async () => {
  // The server accepts a connection and says nothing.
  const database = openDatabase({ longestQueue: 2 });
  const ask = () => database.query(statement, []);
  // One has the connection.
  const waiting = Promise.allSettled([ask(), ask(), ask()]);
  await expect(ask()).rejects.toThrow(PoolExhaustedError);
  expect(database.snapshot().waiting).toBe(2);
  server.close();
  for (const socket of sockets) socket.destroy();
  await once(server, 'close');
  expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await database.close();
});

describe('a pooler that goes', () => {
  let pooler: PostgresServer;
  beforeEach(async () => {
    pooler = await PostgresServer.start();
  });
  afterEach(() => pooler.close());

  test('and takes no connection is asked again, whatever is to be done, for as long as patience lasts', async () => {
    const patient = openDatabase({ port: pooler.port, refusedPatienceMs: 3_000 });
    pooler.connectionsToEnd = 2;
    await expect(patient.query(statement, [])).resolves.toEqual([]);
    expect(pooler.asked).toBe(1);
    await patient.close();
    const impatient = openDatabase({ port: pooler.port });
    pooler.connectionsToEnd = 1;
    await expect(impatient.query(statement, [])).rejects.toThrow(NotConnectedError);
    await impatient.close();
  });

  test('in the middle of a statement is sent it again where that may be done twice, and else not', async () => {
    const database = openDatabase({ port: pooler.port, refusedPatienceMs: 3_000 });
    pooler.statementsToEnd = 1;
    await expect(database.query(statement, [])).rejects.toThrow(DependencyUnavailableError);
    expect(pooler.asked).toBe(1);
    pooler.statementsToEnd = 1;
    await expect(database.repeatable(statement, [])).resolves.toEqual([]);
    expect(pooler.asked).toBe(3);
    await database.close();
  });
});

describe('what a deadlock has ended', () => {
  const deadlock = '40P01';
  let postgres: PostgresServer;
  let database: Database;
  beforeEach(async () => {
    postgres = await PostgresServer.start();
    database = openDatabase({ port: postgres.port });
  });
  afterEach(async () => {
    await database.close();
    postgres.close();
  });

  test('is done again, once, since nothing is left of it', async () => {
    postgres.errors.push(deadlock);
    await expect(database.query(statement, [])).resolves.toEqual([]);
    expect(postgres.asked).toBe(2);
    postgres.errors.push(deadlock, deadlock);
    await expect(database.query(statement, [])).rejects.toMatchObject({ code: deadlock });
    expect(postgres.asked).toBe(4);
  });

  test('any other refusal is the answer', async () => {
    postgres.errors.push('23505');
    await expect(database.query(statement, [])).rejects.toMatchObject({ code: '23505' });
    expect(postgres.asked).toBe(1);
  });
});
