import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ReceivedSpan, spansOf } from './otlp-spans.ts';

/** Takes traces as a collector does: OTLP over HTTP, in protobuf, which is what is sent where nothing else is said. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All that was sent, as text: texts stand in protobuf as they are. */
  readonly texts: string[] = [];
  /** The header authorization of each. */
  readonly authorizations: (string | undefined)[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      this.texts.push(body.toString('utf8'));
      this.authorizations.push(request.headers.authorization);
      const type = request.headers['content-type'];
      if (type !== 'application/x-protobuf') {
        response.writeHead(415).end(`${type} is not what a collector is sent`);
        return;
      }
      this.spans.push(...spansOf(body));
      response.writeHead(200, { 'content-type': type }).end();
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OtlpReceiver(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
