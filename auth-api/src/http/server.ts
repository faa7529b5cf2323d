import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setBodyDeadline } from './body-deadline.ts';

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Longer than the keep-alive of any proxy in front, so that it is never the server who closes under a request. */
const keepAliveTimeoutMs = 75_000;

export interface StandByTimes {
  /** Longer than between two orders. Without another one, service goes on as before. */
  readonly orderMs: number;
  /** By then a proxy has closed the idle connections that it keeps, so that none is closed under a request of it. */
  readonly idleGraceMs: number;
}

export interface DrainableServerOptions {
  readonly times?: StandByTimes;
  /** Sees the server of Node.js before it listens. */
  readonly prepare?: ((server: Server) => void) | undefined;
}

const standByTimes: StandByTimes = { orderMs: 10_000, idleGraceMs: 3_000 };

/** An HTTP server that can be taken out of service without losing a request. */
export class DrainableServer {
  readonly #server: Server;
  readonly #times: StandByTimes;
  #isDraining = false;
  #standsBy: { sinceMs: number; untilMs: number } | undefined;

  constructor(listener: RequestListener, { times = standByTimes, prepare }: DrainableServerOptions = {}) {
    this.#times = times;
    // A request without a body has no stream to be read, which is a tenth of the work of a check.
    this.#server = createServer({ optimizeEmptyRequests: true }, (request, response) => {
      // Whoever keeps the connection is to open its next one elsewhere.
      if (this.#isDraining || this.#isStandingBy()) response.setHeader('connection', 'close');
      setBodyDeadline(request);
      listener(request, response);
    });
    this.#server.keepAliveTimeout = keepAliveTimeoutMs;
    this.#server.headersTimeout = keepAliveTimeoutMs + 5_000;
    // Bodies have a deadline of their own, which some routes lift.
    this.#server.requestTimeout = 0;
    prepare?.(this.#server);
  }

  /** @returns the port, chosen by the system where 0 was asked for */
  async listen(port: number): Promise<number> {
    this.#server.listen(port);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** From here on every answer closes its connection; new ones are still taken. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /**
   * For the next seconds others have the traffic: every answer closes its connection, and after a moment those are closed
   * that have nothing to answer. To be repeated as long as it holds.
   */
  standBy(): void {
    const nowMs = performance.now();
    const sinceMs = this.#isStandingBy() ? (this.#standsBy?.sinceMs ?? nowMs) : nowMs;
    this.#standsBy = { sinceMs, untilMs: nowMs + this.#times.orderMs };
    const graceMs = Math.max(0, sinceMs + this.#times.idleGraceMs - nowMs);
    setTimeout(() => this.#isStandingBy() && this.#server.closeIdleConnections(), graceMs).unref();
  }

  /** Takes no new connection, and resolves when the requests that are running have been answered, or at the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.#isDraining = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    const deadline = setTimeout(() => this.#server.closeAllConnections(), deadlineMs);
    await closed;
    clearTimeout(deadline);
  }

  #isStandingBy(): boolean {
    return this.#standsBy !== undefined && performance.now() < this.#standsBy.untilMs;
  }
}
