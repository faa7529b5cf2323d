import type { Bar } from './bars.ts';
import { startServer } from './server-process.ts';

const mebibyte = 1024 * 1024;

/** What the local caches hold when they are full, in a process of its own that collects garbage when told. */
export async function measureMemory(): Promise<Bar[]> {
  const server = await startServer('full-caches.ts', { NODE_OPTIONS: '--expose-gc' });
  try {
    const answer = await fetch(server.url);
    const { before, after, entries } = (await answer.json()) as Record<'before' | 'after' | 'entries', number>;
    const details = { entries, beforeMebibytes: before / mebibyte, afterMebibytes: after / mebibyte };
    const value = (after - before) / mebibyte;
    return [{ name: 'memory-of-full-caches-mib', value, limit: 100, direction: 'at-most', details }];
  } finally {
    await server.stop();
  }
}
