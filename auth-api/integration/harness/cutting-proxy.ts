import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** A TCP proxy on 127.0.0.1 that ends a connection as a pooler that goes: around something that is sent through it. */
export class CuttingProxy {
  readonly port: number;
  readonly #server: Server;
  #cut: { readonly sent: string; readonly when: 'before' | 'after' } | undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const server = createServer((client) => {
      const target = connect(targetPort, '127.0.0.1');
      const end = () => {
        client.destroy();
        target.destroy();
      };
      for (const socket of [client, target]) {
        socket.setNoDelay().on('error', () => {});
        socket.on('close', end);
      }
      client.on('data', (chunk) => {
        const when = proxy.#whenToCut(chunk);
        if (when === 'before') return end();
        if (when === 'after') target.removeAllListeners('data').once('data', end);
        target.write(chunk);
      });
      target.on('data', (chunk) => client.write(chunk));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new CuttingProxy(server);
    return proxy;
  }

  /** Once: `before` the server gets it, or `after` the server has done it and before its answer is passed on. */
  cutNext(sent: string, when: 'before' | 'after'): void {
    this.#cut = { sent, when };
  }

  /** Whether what was to be cut has been. */
  get hasCut(): boolean {
    return this.#cut === undefined;
  }

  close(): void {
    this.#server.close();
  }

  #whenToCut(chunk: Buffer): 'before' | 'after' | undefined {
    if (this.#cut === undefined || !chunk.includes(this.#cut.sent)) return undefined;
    const { when } = this.#cut;
    this.#cut = undefined;
    return when;
  }
}
