import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Speaks so much of PostgreSQL's protocol that a statement is answered with no rows, or with an error. */
export class PostgresServer {
  readonly port: number;
  /** So many of the next connections, and of the next statements, end where an answer is due. */
  connectionsToEnd = 0;
  statementsToEnd = 0;
  /** The SQLSTATE that each of the next statements is answered with. */
  readonly errors: string[] = [];
  /** Statements that have arrived. */
  asked = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<PostgresServer> {
    const server = createServer((socket) => started.#serve(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const started = new PostgresServer(server);
    return started;
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    socket.on('error', () => {});
    socket.once('data', () => {
      if (this.connectionsToEnd > 0) {
        this.connectionsToEnd -= 1;
        socket.end();
        return;
      }
      socket.write(Buffer.concat([authenticated, ready]));
      socket.on('data', (sent: Buffer) => {
        // A statement ends with Sync.
        if (sent.at(-5) !== 'S'.charCodeAt(0)) return;
        this.asked += 1;
        const error = this.errors.shift();
        if (error !== undefined) socket.write(Buffer.concat([refused(error), ready]));
        else if (this.statementsToEnd === 0) socket.write(Buffer.concat([parsed, bound, noRows, complete, ready]));
        else {
          this.statementsToEnd -= 1;
          socket.end();
        }
      });
    });
  }
}

function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const refused = (code: string) => message('E', Buffer.from(`SERROR\0VERROR\0C${code}\0Mno\0\0`));
const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const parsed = message('1');
const bound = message('2');
const noRows = message('n');
const complete = message('C', Buffer.from('SELECT 0\0'));
