import type { Cluster } from 'ioredis';
import type { ShardedPubSub } from '../../cache/redis-invalidation-channel.ts';
import type { ScriptRunner } from './lua-script.ts';

type MessageListener = Parameters<ShardedPubSub['on']>[1];
type Replaceable = Pick<Cluster, 'disconnect'> & {
  once(event: 'ready', listener: () => void): unknown;
};

/** What ioredis says for ever once a subscriber was stopped while it connected. */
const stuck = 'No sharded subscriber for slot';

/**
 * A client of a Redis Cluster that is replaced by another one where it can subscribe no more. When all nodes are lost
 * while a subscriber connects, ioredis (6.0) waits for that connection for ever, and makes no other subscriber.
 */
export class RenewableCluster<Client extends Replaceable & ScriptRunner & ShardedPubSub>
  implements ScriptRunner, ShardedPubSub
{
  readonly #open: () => Client;
  readonly #listeners = new Set<MessageListener>();
  #current: Client;
  /** Takes over as soon as it is ready. */
  #next: Client | undefined;

  constructor(open: () => Client) {
    this.#open = open;
    this.#current = open();
  }

  get current(): Client {
    return this.#current;
  }

  evalsha(...call: Parameters<ScriptRunner['evalsha']>): Promise<unknown> {
    return this.#current.evalsha(...call);
  }

  eval(...call: Parameters<ScriptRunner['eval']>): Promise<unknown> {
    return this.#current.eval(...call);
  }

  spublish(channel: string, message: string): Promise<unknown> {
    return this.#current.spublish(channel, message);
  }

  async ssubscribe(channel: string): Promise<unknown> {
    try {
      return await this.#current.ssubscribe(channel);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(stuck)) this.#renew();
      throw error;
    }
  }

  sunsubscribe(channel: string): Promise<unknown> {
    return this.#current.sunsubscribe(channel);
  }

  on(event: 'smessage', listener: MessageListener): void {
    this.#listeners.add(listener);
    this.#current.on(event, listener);
  }

  off(event: 'smessage', listener: MessageListener): void {
    this.#listeners.delete(listener);
    this.#current.off(event, listener);
  }

  disconnect(): void {
    for (const client of [this.#current, this.#next]) client?.disconnect();
  }

  #renew(): void {
    if (this.#next !== undefined) return;
    const next = this.#open();
    this.#next = next;
    next.once('ready', () => {
      const previous = this.#current;
      this.#next = undefined;
      this.#current = next;
      for (const listener of this.#listeners) {
        previous.off('smessage', listener);
        next.on('smessage', listener);
      }
      previous.disconnect();
    });
  }
}
