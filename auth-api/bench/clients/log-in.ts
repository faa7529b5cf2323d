import { connect, type Socket } from 'node:net';
import type { Credentials } from '../../integration/harness/client.ts';

interface Waiting {
  readonly answered: (status: number) => void;
  readonly failed: (error: Error) => void;
}

/**
 * A user who logs in, once at a time, over a connection that is kept. As little of HTTP as that takes: what a client takes
 * of the machine's CPU the server has not.
 */
export class LoginClient {
  readonly #host: string;
  readonly #socket: Socket;
  #received = '';
  #waiting: Waiting | undefined;

  constructor(url: string) {
    const { host, hostname, port } = new URL(url);
    this.#host = host;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', (error) => this.#waiting?.failed(error));
    this.#socket.on('close', () => this.#waiting?.failed(new Error('the server closed the connection')));
  }

  /** The status of the answer. */
  logIn({ username, password }: Credentials): Promise<number> {
    const body = JSON.stringify({ username, password });
    const head = [
      'POST /v1/login HTTP/1.1',
      `Host: ${this.#host}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    return new Promise((answered, failed) => {
      this.#waiting = { answered, failed };
      this.#socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const headLength = this.#received.indexOf('\r\n\r\n') + 4;
    if (headLength < 4) return;
    const contentLength = /^content-length: (\d+)\r$/im.exec(this.#received.slice(0, headLength))?.[1];
    if (contentLength === undefined) {
      this.#waiting?.failed(new Error('an answer without a length'));
    } else if (this.#received.length >= headLength + Number(contentLength)) {
      const status = Number(this.#received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
      this.#received = '';
      this.#waiting?.answered(status);
    }
  }
}
