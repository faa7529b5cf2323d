// Loaded before the auth API: the same server, but it hashes with bcrypt's own promises on libuv's thread pool.
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    if (!resolved.url.endsWith('/security/hashing/hashing-pool.ts')) return resolved;
    return { ...resolved, url: new URL('./libuv-hashing-pool.ts', import.meta.url).href };
  },
});
