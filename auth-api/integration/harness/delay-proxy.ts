import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A TCP proxy on 127.0.0.1 that holds back whatever goes through it, for as long as it is told. */
export class DelayProxy {
  readonly port: number;
  delayMs = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(targetPort: number): Promise<DelayProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const target = connect(targetPort, '127.0.0.1');
      for (const socket of [client, target]) {
        sockets.add(socket);
        socket.setNoDelay().on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          target.destroy();
        });
      }
      client.pipe(proxy.#held()).pipe(target);
      target.pipe(proxy.#held()).pipe(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new DelayProxy(server, sockets);
    return proxy;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #held(): Transform {
    return new Transform({
      transform: (chunk, _, done) => void setTimeout(() => done(null, chunk), this.delayMs).unref(),
    });
  }
}
