import { sharedCacheDefaults } from '../../src/cache/cache-types.ts';
import type { Tokens } from './client.ts';
import { connectCluster } from './redis-client.ts';

/**
 * Has pods read again what a login put into Redis of its session and user. With the values goes the right to store them,
 * so that what comes late of it is not stored.
 */
export async function forgetShared(
  { access_token: token }: Pick<Tokens, 'access_token'>,
  redisPorts?: readonly number[],
): Promise<void> {
  const { sid, sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly sid: string;
    readonly sub: string;
  };
  const redis = connectCluster(redisPorts);
  try {
    await redis.ping();
    const patterns = Object.keys(sharedCacheDefaults).flatMap((type) => [sid, sub].map((id) => `${type}:*{${id}}`));
    const keys = await Promise.all(
      redis.nodes('master').flatMap((node) => patterns.map((pattern) => node.keys(pattern))),
    );
    await Promise.all(keys.flat().map((key) => redis.del(key)));
  } finally {
    redis.disconnect();
  }
}
