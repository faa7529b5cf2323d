import { withTimeout } from '../resilience/timeout.ts';
import { LuaScript, type ScriptRunner } from '../storage/redis/lua-script.ts';
import { type Lsn, parseLsn, sortableLsn } from './lsn.ts';
import type { SessionPositions } from './own-writes.ts';
import type { RedisSharedStore } from './redis-shared-store.ts';

// KEYS position; ARGV lifetime in ms.
const findScript = new LuaScript("return redis.call('GETEX', KEYS[1], 'PX', ARGV[1])");

// KEYS position; ARGV lifetime in ms, LSN with both halves padded to eight digits.
const raiseScript = new LuaScript(`
local known = redis.call('GET', KEYS[1])
local later = (known and known > ARGV[2]) and known or ARGV[2]
redis.call('SET', KEYS[1], later, 'PX', ARGV[1])
return 1
`);

const forgetScript = new LuaScript("return redis.call('DEL', KEYS[1])");

/** Since its last use; without one the primary answers once. */
const lifetimeMs = 1_800_000;

export interface RedisSessionPositionsOptions {
  readonly commandTimeoutMs: number;
  /** Puts the position of a session that has been opened where it puts the session, at once. */
  readonly store: Pick<RedisSharedStore, 'storeFirst'>;
}

/** Positions of sessions in Redis: written before a write is answered, so that whoever asks next finds it. */
export class RedisSessionPositions implements SessionPositions {
  readonly #redis: ScriptRunner;
  readonly #options: RedisSessionPositionsOptions;

  constructor(redis: ScriptRunner, options: RedisSessionPositionsOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  async open(sessionId: string): Promise<void> {
    await this.#options.store.storeFirst(sessionId, positionKey(sessionId), sortableLsn(0n), lifetimeMs);
  }

  async find(sessionId: string): Promise<Lsn | undefined> {
    const text = await this.#run(findScript, sessionId, [lifetimeMs]);
    return typeof text === 'string' ? parseLsn(text) : undefined;
  }

  async raise(sessionId: string, lsn: Lsn): Promise<void> {
    await this.#run(raiseScript, sessionId, [lifetimeMs, sortableLsn(lsn)]);
  }

  async forget(sessionId: string): Promise<void> {
    await this.#run(forgetScript, sessionId, []);
  }

  #run(script: LuaScript, sessionId: string, args: readonly (string | number)[]): Promise<unknown> {
    const keys = [positionKey(sessionId)];
    return withTimeout(this.#options.commandTimeoutMs, () => script.run(this.#redis, keys, args));
  }
}

function positionKey(sessionId: string): string {
  return `session_position:{${sessionId}}`;
}
