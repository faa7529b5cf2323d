import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openClient } from './client.ts';

/** AuthenticationOk and ReadyForQuery. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
let server: Server;
let sockets: Socket[];

/** A server that lets anybody in, and never closes a connection, as one that is frozen. */
beforeEach(async () => {
  sockets = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(WELCOME));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a connection is closed soon, whether or not the server lets go', async () => {
  const { port } = server.address() as AddressInfo;
  const { client, close } = openClient({ host: '127.0.0.1', port, user: 'shop', password: 'word', database: 'auth' });
  await client.connect();
  const outcome = await Promise.race([close().then(() => 'closed'), overdue()]);
  expect(outcome).toBe('closed');
});

async function overdue(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
  return 'never closed';
}
