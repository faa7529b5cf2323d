import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { inTurns, openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { metricSum } from './metric-values.ts';

const mebibyte = 1024 * 1024;
const samples = 20;

/** All kinds of requests for a while: the memory of the second half must be that of the first. */
export async function measureSoak(stack: Stack, api: ApiProcess, minutes: number): Promise<Bar[]> {
  const client = new Client(api.url);
  const accounts = await seedAccounts(stack, { count: 200 });
  const tokens = await openSessions(client, accounts);
  const memoryBytes: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const untilMs = performance.now() + (minutes * 60_000) / samples;
    let smallest = Number.POSITIVE_INFINITY;
    while (performance.now() < untilMs) {
      await inTurns(accounts, 16, async (account, index) => {
        const current = tokens[index];
        if (current === undefined) return;
        for (let turn = 0; turn < 10; turn += 1) await client.verify(current.access_token);
        await client.me(current.access_token);
        const refreshed = await client.refresh(current.refresh_token);
        tokens[index] = index % 10 === 0 ? (await client.login(account)).body : refreshed.body;
      });
      // The smallest of a while is what no collection could free.
      smallest = Math.min(smallest, await usedBytes(api));
    }
    memoryBytes.push(smallest);
  }
  const half = samples / 2;
  // The first quarter fills caches.
  const [earlier, later] = [median(memoryBytes.slice(samples / 4, half)), median(memoryBytes.slice(half))];
  const details = { minutes, earlierMebibytes: earlier / mebibyte, laterMebibytes: later / mebibyte };
  return [
    { name: 'soak-memory-growth-mib', value: (later - earlier) / mebibyte, limit: 10, direction: 'at-most', details },
  ];
}

/** The heap, and the buffers outside of it. */
async function usedBytes({ opsUrl }: ApiProcess): Promise<number> {
  const [heap, buffers] = await Promise.all([
    metricSum(opsUrl, 'nodejs_heap_size_used_bytes', {}),
    metricSum(opsUrl, 'nodejs_external_memory_bytes', {}),
  ]);
  return heap + buffers;
}
