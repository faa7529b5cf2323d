import { withTimeout } from '../resilience/timeout.ts';
import { LuaScript, type ScriptRunner } from '../storage/redis/lua-script.ts';
import type { RateRule } from './gcra.ts';
import type { AccountCount, LimitStore } from './limit-store.ts';
import type { LockoutPolicy } from './lockout.ts';

// By the clock of the node, so that pods need not agree on theirs. Microseconds stay below 2^53.
const nowUs = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`;

// gcra.ts in microseconds. ARGV limit, period. Answers the milliseconds to wait, rounded up.
const take = `
local function take()
  local period = tonumber(ARGV[2])
  local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
  local nextArrival = math.max(now, arrival) + period / tonumber(ARGV[1])
  local allowedFrom = nextArrival - period
  if now < allowedFrom then return math.ceil((allowedFrom - now) / 1000) end
  local lifetime = math.max(1, math.ceil((nextArrival - now) / 1000))
  redis.call('SET', KEYS[1], string.format('%.0f', nextArrival), 'PX', lifetime)
  return 0
end
`;

const takeScript = new LuaScript(`${nowUs}${take}return take()`);

// KEYS rate, failures; ARGV as for take.
const admitScript = new LuaScript(`${nowUs}${take}
local known = redis.call('HMGET', KEYS[2], 'lockedUntil', 'failures')
local lockedUntil = tonumber(known[1] or 0)
return {take(), math.max(0, math.ceil((lockedUntil - now) / 1000)), tonumber(known[2] or 0)}
`);

const lockedScript = new LuaScript(`${nowUs}
local lockedUntil = tonumber(redis.call('HGET', KEYS[1], 'lockedUntil') or 0)
return math.max(0, math.ceil((lockedUntil - now) / 1000))
`);

// lockout.ts in microseconds. ARGV threshold, first lock, longest lock, memory in ms.
const failureScript = new LuaScript(`${nowUs}
local lockedUntil = tonumber(redis.call('HGET', KEYS[1], 'lockedUntil') or 0)
if lockedUntil > now then return math.ceil((lockedUntil - now) / 1000) end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local threshold = tonumber(ARGV[1])
if failures < threshold then return 0 end
local lock = math.min(tonumber(ARGV[2]) * 2 ^ math.min(failures - threshold, 30), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'lockedUntil', string.format('%.0f', now + lock))
return math.ceil(lock / 1000)
`);

const forgetScript = new LuaScript(`return redis.call('DEL', KEYS[1])`);

export interface RedisLimitStoreOptions {
  /** Around each command, since a cluster client may follow redirections for a minute and a half. */
  readonly commandTimeoutMs: number;
}

/** Counts for all pods in a Redis Cluster: one script for each question, so each is atomic. */
export class RedisLimitStore implements LimitStore {
  readonly #redis: ScriptRunner;
  readonly #commandTimeoutMs: number;

  constructor(redis: ScriptRunner, options: RedisLimitStoreOptions) {
    this.#redis = redis;
    this.#commandTimeoutMs = options.commandTimeoutMs;
  }

  async admit(ruleName: string, { limit, periodSeconds }: RateRule, account: string): Promise<AccountCount> {
    const failures = `failures:${account}`;
    // In braces for the slot of the other.
    const keys = [`rate:${ruleName}:{${failures}}`, failures];
    const answer = await this.#run(admitScript, keys, [limit, periodSeconds * 1e6]);
    const [waitMs = 0, lockedMs = 0, failed = 0] = answer as number[];
    return { waitMs, lockedMs, failures: failed };
  }

  take(key: string, { limit, periodSeconds }: RateRule): Promise<number> {
    return this.#number(takeScript, `rate:${key}`, [limit, periodSeconds * 1e6]);
  }

  lockedMs(key: string): Promise<number> {
    return this.#number(lockedScript, `failures:${key}`, []);
  }

  recordFailure(key: string, policy: LockoutPolicy): Promise<number> {
    const { threshold, firstLockSeconds, longestLockSeconds, memorySeconds } = policy;
    const args = [threshold, firstLockSeconds * 1e6, longestLockSeconds * 1e6, memorySeconds * 1000];
    return this.#number(failureScript, `failures:${key}`, args);
  }

  async forgetFailures(key: string): Promise<void> {
    await this.#run(forgetScript, [`failures:${key}`], []);
  }

  async #number(script: LuaScript, key: string, args: readonly number[]): Promise<number> {
    return Number(await this.#run(script, [key], args));
  }

  #run(script: LuaScript, keys: readonly string[], args: readonly number[]): Promise<unknown> {
    return withTimeout(this.#commandTimeoutMs, () => script.run(this.#redis, keys, args));
  }
}
