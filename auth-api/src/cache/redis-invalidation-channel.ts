import { withTimeout } from '../resilience/timeout.ts';
import type { InvalidationPublisher } from './invalidation-delivery.ts';

/** The part of an ioredis Cluster made with `shardedSubscribers: true` that the channel needs. */
export interface ShardedPubSub {
  spublish(channel: string, message: string): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  sunsubscribe(channel: string): Promise<unknown>;
  on(event: 'smessage', listener: (channel: string, message: string) => void): unknown;
  off(event: 'smessage', listener: (channel: string, message: string) => void): unknown;
}

export interface RedisInvalidationChannelOptions {
  readonly commandTimeoutMs: number;
  /** A silent subscription is made anew after this long; heartbeats end silence. Default 5000. */
  readonly maxSilenceMs?: number;
  readonly onError?: (error: unknown) => void;
}

export const invalidationChannel = 'authcluster:invalidations';

/** Invalidations by sharded pub/sub: one channel, so that the order of messages is the order of sending. */
export class RedisInvalidationChannel implements InvalidationPublisher {
  readonly #redis: ShardedPubSub;
  readonly #options: RedisInvalidationChannelOptions;

  constructor(redis: ShardedPubSub, options: RedisInvalidationChannelOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  async publish(text: string): Promise<void> {
    await withTimeout(this.#options.commandTimeoutMs, () => this.#redis.spublish(invalidationChannel, text));
  }

  /** Begins at once and goes on through failures of Redis. Call what it returns to end it. */
  subscribe(onMessage: (text: string) => void): () => void {
    const { maxSilenceMs = 5000 } = this.#options;
    let silence: NodeJS.Timeout;
    const listen = (from: string, text: string) => {
      if (from !== invalidationChannel) return;
      silence.refresh();
      onMessage(text);
    };
    this.#redis.on('smessage', listen);
    silence = setInterval(() => this.#subscribeAgain(), maxSilenceMs).unref();
    this.#subscribeAgain();
    return () => {
      clearInterval(silence);
      this.#redis.off('smessage', listen);
      this.#redis.sunsubscribe(invalidationChannel).catch(() => {});
    };
  }

  #subscribeAgain(): void {
    const { commandTimeoutMs, onError } = this.#options;
    withTimeout(commandTimeoutMs, () => this.#redis.ssubscribe(invalidationChannel)).catch((error) => onError?.(error));
  }
}
