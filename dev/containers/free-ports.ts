import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below where systems take the ports of outgoing connections from (32768 and above), and the node ports of Kubernetes:
 * otherwise a server that starts, or starts again, may find its port taken by somebody's connection.
 */
const [LOWEST, HIGHEST] = [10_000, 29_999];

/** Ports of 127.0.0.1 that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const servers: Server[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    ports.push(port);
    servers.push(server);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
