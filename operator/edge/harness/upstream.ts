import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands for the auth API: answers as it is told, and remembers what it was asked. */
export class Upstream {
  readonly #server: Server;
  readonly asked: IncomingMessage[] = [];
  handle: Handler = answer(200, '{}');

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request);
      request.resume().on('end', () => this.handle(request, response));
    });
  }

  static async listen(port: number, address = '127.0.0.1'): Promise<Upstream> {
    const upstream = new Upstream();
    upstream.#server.listen(port, address);
    await once(upstream.#server, 'listening');
    return upstream;
  }

  /** The request that came last. Throws where none has come. */
  get last(): IncomingMessage {
    const request = this.asked.at(-1);
    if (request === undefined) throw new Error('nothing was asked');
    return request;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
}
