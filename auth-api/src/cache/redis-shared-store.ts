import { withTimeout } from '../resilience/timeout.ts';
import { LuaScript, type ScriptRunner } from '../storage/redis/lua-script.ts';
import { type Lsn, parseLsn, sortableLsn } from './lsn.ts';
import { SameTurn } from './same-turn.ts';
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

// For each entry KEYS value, lease; ARGV token, lifetime in ms.
const reserveScript = new LuaScript(`
local reserved = {}
for i = 1, #KEYS, 2 do
  local lease = redis.call('GET', KEYS[i + 1])
  local isFree = redis.call('EXISTS', KEYS[i]) == 0 and not (${isLeased('lease')})
  if isFree then redis.call('SET', KEYS[i + 1], ARGV[i], 'PX', ARGV[i + 1]) end
  reserved[#reserved + 1] = isFree and 1 or 0
end
return reserved
`);

// For each entry KEYS value, lease; ARGV token, value, lifetime in ms. An empty token is of a lease that nobody has.
const storeScript = new LuaScript(`
local stored = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local isHeld = (redis.call('GET', lease) or '') == ARGV[3 * i - 2]
  if isHeld then
    redis.call('DEL', lease)
    redis.call('SET', value, ARGV[3 * i - 1], 'PX', ARGV[3 * i])
  end
  stored[i] = isHeld and 1 or 0
end
return stored
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

/** What a script is to do about one entry. */
interface Change {
  readonly keys: readonly [value: string, lease: string];
  readonly args: readonly (string | number)[];
}

/**
 * The shared tier in a Redis Cluster. The braces around the id make it the hash tag: the value, the lease and the fence
 * of an entry share a slot, and the entries of a type spread over all of them. Ids hold no braces. What a login does about its
 * session, or about its user, is one command each time, since that shares a slot as well.
 */
export class RedisSharedStore implements SharedStore {
  readonly #redis: ScriptRunner;
  readonly #commandTimeoutMs: number;
  readonly #reservations = new SameTurn((changes: readonly Change[]) => this.#change(reserveScript, changes));
  readonly #stores = new SameTurn((changes: readonly Change[]) => this.#change(storeScript, changes));

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

  reserve(entry: SharedEntry, token: ReservationToken, leaseMs: number): Promise<boolean> {
    return this.#reservations.ask(entry.id, { keys: [valueKey(entry), leaseKey(entry)], args: [token, leaseMs] });
  }

  store(entry: SharedEntry, token: string, text: string, ttlMs: number): Promise<boolean> {
    return this.#stores.ask(entry.id, { keys: [valueKey(entry), leaseKey(entry)], args: [token, text, ttlMs] });
  }

  /** @param key of what is no entry, and needs no lease; with the id in braces. @returns false where it is there */
  storeFirst(id: string, key: string, text: string, ttlMs: number): Promise<boolean> {
    return this.#stores.ask(id, { keys: [key, key], args: ['', text, ttlMs] });
  }

  async invalidate(entry: SharedEntry, lsn: Lsn): Promise<void> {
    const keys = [valueKey(entry), leaseKey(entry), fenceKey(entry)];
    await this.#run(invalidateScript, keys, [sortableLsn(lsn), fenceMs]);
  }

  /** @returns for each whether it was done */
  async #change(script: LuaScript, changes: readonly Change[]): Promise<boolean[]> {
    const keys = changes.flatMap((change) => change.keys);
    const args = changes.flatMap((change) => change.args);
    const done = (await this.#run(script, keys, args)) as number[];
    return done.map((each) => each === 1);
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
