import { withTimeout } from '../resilience/timeout.ts';
import { LuaScript, type ScriptRunner } from '../storage/redis/lua-script.ts';
import { type Lsn, parseLsn, sortableLsn } from './lsn.ts';
import {
  type ReservationToken,
  reservationPrefix,
  type SharedEntry,
  type SharedLookup,
  type SharedStore,
} from './shared-cache.ts';

/** Lua for whether there is a lease for which others wait. */
const isLeased = (lease: string) =>
  `${lease} and string.sub(${lease}, 1, ${reservationPrefix.length}) ~= '${reservationPrefix}'`;

// KEYS value, lease, fence; ARGV token, lease in ms. One round trip for a hit, and for a miss with its lease.
const lookUpScript = new LuaScript(`
local value = redis.call('GET', KEYS[1])
if value then return {'hit', value} end
local lease = redis.call('GET', KEYS[2])
if ${isLeased('lease')} then return {'loading'} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'leased', redis.call('GET', KEYS[3]) or '0/0'}
`);

// KEYS value, lease; ARGV token, lifetime in ms.
const reserveScript = new LuaScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local lease = redis.call('GET', KEYS[2])
if ${isLeased('lease')} then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
`);

// KEYS value, lease; ARGV token, value, lifetime in ms.
const storeScript = new LuaScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`);

// KEYS value, lease, fence; ARGV LSN with both halves padded to eight digits, lifetime of the fence in ms.
const invalidateScript = new LuaScript(`
redis.call('DEL', KEYS[1], KEYS[2])
local fence = redis.call('GET', KEYS[3])
if not fence or fence < ARGV[1] then redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2]) end
return 1
`);

/** Longer than a replica is let lag, and than an invalidation is under way to a pod. */
const fenceMs = 60_000;

export interface RedisSharedStoreOptions {
  /** Around each command, since a cluster client may follow redirections for a minute and a half. */
  readonly commandTimeoutMs: number;
}

/**
 * The shared tier in a Redis Cluster. The braces around the id make it the hash tag: the value, the lease and the fence
 * of an entry share a slot, and the entries of a type spread over all of them. Ids hold no braces.
 */
export class RedisSharedStore implements SharedStore {
  readonly #redis: ScriptRunner;
  readonly #commandTimeoutMs: number;

  constructor(redis: ScriptRunner, options: RedisSharedStoreOptions) {
    this.#redis = redis;
    this.#commandTimeoutMs = options.commandTimeoutMs;
  }

  async lookUp(entry: SharedEntry, token: string, leaseMs: number): Promise<SharedLookup> {
    const keys = [valueKey(entry), leaseKey(entry), fenceKey(entry)];
    const [kind, text] = (await this.#run(lookUpScript, keys, [token, leaseMs])) as [SharedLookup['kind'], string];
    if (kind === 'hit') return { kind, text };
    return kind === 'leased' ? { kind, fenceLsn: parseLsn(text) } : { kind };
  }

  async reserve(entry: SharedEntry, token: ReservationToken, leaseMs: number): Promise<boolean> {
    return (await this.#run(reserveScript, [valueKey(entry), leaseKey(entry)], [token, leaseMs])) === 1;
  }

  async store(entry: SharedEntry, token: string, text: string, ttlMs: number): Promise<boolean> {
    return (await this.#run(storeScript, [valueKey(entry), leaseKey(entry)], [token, text, ttlMs])) === 1;
  }

  async invalidate(entry: SharedEntry, lsn: Lsn): Promise<void> {
    const keys = [valueKey(entry), leaseKey(entry), fenceKey(entry)];
    await this.#run(invalidateScript, keys, [sortableLsn(lsn), fenceMs]);
  }

  #run(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return withTimeout(this.#commandTimeoutMs, () => script.run(this.#redis, keys, args));
  }
}

function valueKey({ type, version, id }: SharedEntry): string {
  return `${type}:v${version}:{${id}}`;
}

function leaseKey({ type, id }: SharedEntry): string {
  return `${type}:lease:{${id}}`;
}

function fenceKey({ type, id }: SharedEntry): string {
  return `${type}:fence:{${id}}`;
}
