import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { inTurns, openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { cpuSeconds } from './server-process.ts';

const sessions = 64;
const refreshesOfEach = 25;
const rounds = 5;
/** A pod serves for days: the first ten thousand are spent on compiling. */
const warmUpRounds = 12;

/** Chains of refreshes: API CPU for each, with all that PostgreSQL and Redis make of it. */
export async function measureRefresh(stack: Stack, api: ApiProcess): Promise<Bar[]> {
  const client = new Client(api.url);
  const accounts = await seedAccounts(stack, { count: sessions });
  const tokens = (await openSessions(client, accounts)).map((each) => each.refresh_token);
  const costsMs: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const before = cpuSeconds(api.pid);
    await inTurns([...tokens.keys()], 16, async (session) => {
      for (let turn = 0; turn < refreshesOfEach; turn += 1) {
        const { status, body } = await client.refresh(tokens[session] ?? '');
        if (status !== 200) throw new Error(`a refresh answered ${status}`);
        tokens[session] = body.refresh_token;
      }
    });
    const costMs = ((cpuSeconds(api.pid) - before) * 1000) / (sessions * refreshesOfEach);
    if (round >= 0) costsMs.push(costMs);
  }
  const details = { refreshes: sessions * refreshesOfEach * rounds };
  return [{ name: 'refresh-api-cpu-ms', value: median(costsMs), limit: 0.8, direction: 'at-most', details }];
}
