import { TransportError } from '../../src/kubernetes/errors.ts';
import type { ApiRequest, Transport } from '../../src/kubernetes/transport.ts';

/** What becomes of one call. */
export interface Fault {
  /** Whether the API server has done what it was asked for. */
  when: 'before' | 'after';
  /** What the caller sees. */
  error: (request: ApiRequest) => Error;
  /** Whether the process ends with it. */
  fatal?: boolean;
}

/** The way from one operator to the API server, with what may happen on it. */
export class DisturbedTransport implements Transport {
  /** Every call in turn but those that repeat by themselves: lists, watches, events and leases. */
  readonly calls: string[] = [];
  /** Asked before each call of whatever kind. */
  faultFor: (call: string) => Fault | undefined = () => undefined;
  onFatal: () => void = () => undefined;
  readonly #through: Transport;
  readonly #streams = new Set<AbortController>();
  #dead = false;

  constructor(through: Transport) {
    this.#through = through;
  }

  async send(request: ApiRequest): Promise<unknown> {
    const call = nameOf(request);
    if (!isRepeating(request)) this.calls.push(call);
    return this.#disturbed(call, request, () => this.#through.send(request));
  }

  async stream(request: ApiRequest): Promise<AsyncIterable<Buffer>> {
    const cut = new AbortController();
    this.#streams.add(cut);
    const signal = request.signal === undefined ? cut.signal : AbortSignal.any([request.signal, cut.signal]);
    try {
      const open = () => this.#through.stream({ ...request, signal });
      return this.#follow(await this.#disturbed(`WATCH ${nameOf(request)}`, request, open), cut);
    } catch (error) {
      cut.abort();
      this.#streams.delete(cut);
      throw error;
    }
  }

  /** Breaks every watch that is open. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.abort();
  }

  /** From now on no call goes through, as of a process that was killed. */
  die(): void {
    this.#dead = true;
    this.cutStreams();
  }

  async #disturbed<T>(call: string, request: ApiRequest, carryOut: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new TransportError('the process has ended');
    const fault = this.faultFor(call);
    if (fault === undefined) return carryOut();
    // What the API server says to it, nobody hears.
    if (fault.when === 'after') await carryOut().catch(() => undefined);
    return this.#strike(fault, request);
  }

  async *#follow(stream: AsyncIterable<Buffer>, cut: AbortController): AsyncGenerator<Buffer> {
    try {
      yield* stream;
    } finally {
      this.#streams.delete(cut);
    }
  }

  #strike(fault: Fault, request: ApiRequest): never {
    if (fault.fatal === true) {
      this.die();
      this.onFatal();
    }
    throw fault.error(request);
  }
}

/** The same for the same call of every run: without the namespace, and without the hashes in names. */
function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path.replace(/\/namespaces\/[^/]+/, '').replace(/[-.][0-9a-f]{10,16}\b/, '')}`;
}

/** Whether it is a call that is made now and then, whatever happens. */
function isRepeating({ method, path }: ApiRequest): boolean {
  const isCollection = method === 'GET' && /\/[a-z]+$/.test(path) && !/\/namespaces\/[^/]+\/[a-z]+\//.test(path);
  return isCollection || /\/(events|leases)(\/|$)/.test(path);
}
