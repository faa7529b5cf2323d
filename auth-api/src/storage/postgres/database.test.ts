import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import { portOf } from '../../testing/fakes.ts';
import { Database } from './database.ts';
import { PoolExhaustedError } from './database-errors.ts';

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

/** One connection to a server that accepts it and says nothing. */
function silentDatabase(longestQueue: number): Database {
  return new Database({
    name: 'primary',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    database: 'auth',
    credentialsDirectory: directory,
    tls: undefined,
    poolSize: 1,
    longestQueue,
    connectTimeoutMs: 60_000,
    queryTimeoutMs: 60_000,
    refusedPatienceMs: 0,
    breaker: portOf<CircuitBreaker>({ execute: (operation) => operation() }),
    onIdleError: () => {},
    onAnswered: () => {},
  });
}

test('so many wait for a connection, and the next is refused at once', async () => {
  const database = silentDatabase(2);
  const ask = () => database.query({ name: 'one', text: 'SELECT 1' }, []);
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
