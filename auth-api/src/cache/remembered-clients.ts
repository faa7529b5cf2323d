import type { ClientStore, OAuthClient } from '../domain/ports/clients.ts';
import { BoundedLru } from './bounded-lru.ts';
import { Flights } from './flights.ts';

/** How late a change of a client can be noticed where it asks about tokens or ends them. */
const lifetimeMs = 5_000;
const maxClients = 1_000;

/** Clients in the memory of a pod, for those that introspect each of their requests. Unknown ids are remembered, too. */
export class RememberedClients implements Pick<ClientStore, 'find'> {
  readonly #clients: Pick<ClientStore, 'find'>;
  readonly #nowMs: () => number;
  readonly #known = new BoundedLru<{ readonly client: OAuthClient | undefined }>(maxClients);
  readonly #flights = new Flights<OAuthClient | undefined>();

  constructor(clients: Pick<ClientStore, 'find'>, nowMs: () => number) {
    this.#clients = clients;
    this.#nowMs = nowMs;
  }

  async find(id: string): Promise<OAuthClient | undefined> {
    const askedAtMs = this.#nowMs();
    const known = this.#known.get(id, askedAtMs);
    if (known !== undefined) return known.client;
    return this.#flights.run(id, async () => {
      const client = await this.#clients.find(id);
      this.#known.set(id, { client }, askedAtMs + lifetimeMs);
      return client;
    });
  }
}
