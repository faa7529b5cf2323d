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
  /** Asked before each of those calls. */
  faultFor: (call: string) => Fault | undefined = () => undefined;
  onFatal: () => void = () => undefined;
  readonly #through: Transport;
  readonly #streams = new Set<AbortController>();
  #dead = false;

  constructor(through: Transport) {
    this.#through = through;
  }

  async send(request: ApiRequest): Promise<unknown> {
    if (this.#dead) throw new TransportError('the process has ended');
    const call = this.#nameOf(request);
    if (call === undefined) return this.#through.send(request);
    this.calls.push(call);
    const fault = this.faultFor(call);
    if (fault?.when === 'before') this.#strike(fault, request);
    const answer = await this.#through.send(request);
    if (fault?.when === 'after') this.#strike(fault, request);
    return answer;
  }

  async stream(request: ApiRequest): Promise<AsyncIterable<Buffer>> {
    if (this.#dead) throw new TransportError('the process has ended');
    const cut = new AbortController();
    this.#streams.add(cut);
    const signal = request.signal === undefined ? cut.signal : AbortSignal.any([request.signal, cut.signal]);
    const stream = await this.#through.stream({ ...request, signal });
    return this.#follow(stream, cut);
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

  /** The same for the same call of every run: without the namespace, and without the hashes in names. */
  #nameOf({ method, path }: ApiRequest): string | undefined {
    const isCollection = method === 'GET' && /\/[a-z]+$/.test(path) && !/\/namespaces\/[^/]+\/[a-z]+\//.test(path);
    if (isCollection || /\/(events|leases)(\/|$)/.test(path)) return undefined;
    return `${method} ${path.replace(/\/namespaces\/[^/]+/, '').replace(/-[0-9a-f]{10}\b/, '')}`;
  }
}
