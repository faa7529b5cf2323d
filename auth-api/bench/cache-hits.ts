import { eventually } from '../../dev/eventually.ts';
import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client, type Credentials } from '../integration/harness/client.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { inTurns, openSessions, seedAccounts } from './accounts.ts';
import type { Bar } from './bars.ts';
import { metricSum } from './metric-values.ts';

const users = 200;
/** As in the load scenario normal-login: a user works 5 to 15 times, each with one check of the token. */
const verifiesOfEach = 10;

export async function measureCacheHits(stack: Stack, api: ApiProcess): Promise<Bar[]> {
  const client = new Client(api.url);
  const accounts = await seedAccounts(stack, { count: users });
  const lookups = async (result: string) => {
    const ofType = (type: string) =>
      metricSum(api.opsUrl, 'cache_operations_total', { operation: `get_${type}`, result });
    return (await ofType('session')) + (await ofType('user_basic'));
  };
  await untilTrusted(client, accounts.slice(0, 1), () => lookups('hit'));
  const before = { hit: await lookups('hit'), miss: await lookups('miss'), bypass: await lookups('bypass') };
  await inTurns(accounts, 8, async (account) => {
    const { body: tokens } = await client.login(account);
    await client.me(tokens.access_token);
    for (let turn = 0; turn < verifiesOfEach; turn += 1) await client.verify(tokens.access_token);
  });
  const hits = (await lookups('hit')) - before.hit;
  const misses = (await lookups('miss')) - before.miss + (await lookups('bypass')) - before.bypass;
  const value = hits / (hits + misses);
  return [{ name: 'local-cache-hit-ratio', value, limit: 0.9, direction: 'at-least', details: { hits, misses } }];
}

/** A pod that has just started trusts its memory once it hears of every invalidation. */
async function untilTrusted(
  client: Client,
  accounts: readonly Credentials[],
  hits: () => Promise<number>,
): Promise<void> {
  const [tokens] = await openSessions(client, accounts);
  await eventually(async () => {
    await client.verify(tokens?.access_token);
    if ((await hits()) === 0) throw new Error('nothing is answered from memory');
  });
}
