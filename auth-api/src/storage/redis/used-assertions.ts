import { createHash } from 'node:crypto';
import type { AssertionClaims, UsedAssertions } from '../../domain/client-authentication.ts';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { withTimeout } from '../../resilience/timeout.ts';
import { redisCommandTimeoutMs } from './client.ts';
import { LuaScript, type ScriptRunner } from './lua-script.ts';

const rememberScript = new LuaScript(`return redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0`);

/**
 * Remembers in Redis, for all pods, which assertions have been used. Without Redis none is accepted: it could be used
 * twice.
 */
export class RedisUsedAssertions implements UsedAssertions {
  readonly #redis: ScriptRunner | undefined;

  /** @param redis undefined where the deployment has none */
  constructor(redis: ScriptRunner | undefined) {
    this.#redis = redis;
  }

  async remember(clientId: string, { id, expiresAtMs }: AssertionClaims, nowMs: number): Promise<boolean> {
    const redis = this.#redis;
    if (redis === undefined) throw new DependencyUnavailableError('redis', 1);
    const key = `assertion:${createHash('sha256').update(`${clientId}\0${id}`).digest('base64url')}`;
    const lifetimeMs = Math.max(1, Math.ceil(expiresAtMs - nowMs));
    try {
      return (await withTimeout(redisCommandTimeoutMs, () => rememberScript.run(redis, [key], [lifetimeMs]))) === 1;
    } catch (error) {
      throw new DependencyUnavailableError('redis', 1, { cause: error });
    }
  }
}
