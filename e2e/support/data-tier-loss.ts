import { expect } from '@jest/globals';
import { type AuthClient, loggedInUser, logIn } from './auth-client.ts';
import { kill, noteLoad } from './chaos-cluster.ts';
import { underMixedLoad } from './data-load.ts';
import { failuresOf, forceDelete, settled } from './database.ts';
import { eventually } from './eventually.ts';
import { type Gaps, writeToRedis } from './redis-keys.ts';
import { wholeRedis } from './redis-members.ts';
import { type Note, SETTLED_SECONDS } from './repeated.ts';

/** As the bar says. */
const LOGINS_BACK_SECONDS = 120;
/** What somebody notices of a key whose owner is there: nothing but a busy machine. */
const UNDISTURBED_SECONDS = 5;

/** Every pod of PostgreSQL, of its poolers and of Redis, killed at once: a user who was there before logs in again. */
export async function killDataTier(client: AuthClient, note: Note): Promise<void> {
  // A pod of the API may still hold off from what was lost in the run before.
  const { credentials } = await eventually(() => loggedInUser(client), SETTLED_SECONDS);
  const startedMs = Date.now();
  await kill('postgres', 'pooler-rw', 'pooler-ro', 'redis');
  await eventually(() => logIn(client, credentials), LOGINS_BACK_SECONDS);
  const back = (Date.now() - startedMs) / 1000;
  note({ 'logins back after': back });
  expect(back).toBeLessThan(LOGINS_BACK_SECONDS);
  await wholeRedis(SETTLED_SECONDS);
  await settled(SETTLED_SECONDS);
}

/** Only the keys of its shard wait for the election of its replica, and no request fails. */
export async function killRedisPrimary(client: AuthClient, slotsBackSeconds: number, note: Note): Promise<void> {
  let written: { victim: string; gaps: Gaps } = { victim: '', gaps: new Map() };
  const load = await underMixedLoad(client, async () => {
    written = await writeToRedis(forceDelete);
  });
  const own = written.gaps.get(written.victim) ?? Number.NaN;
  const others = Math.max(...[...written.gaps].filter(([pod]) => pod !== written.victim).map(([, gap]) => gap));
  note({ 'its slots back after': own, 'longest pause of other slots': others });
  noteLoad(note, load);
  note({ 'failed login requests': load.logins.failures.length });
  expect(failuresOf(load)).toEqual([]);
  expect(own).toBeLessThan(slotsBackSeconds);
  expect(others).toBeLessThan(UNDISTURBED_SECONDS);
  await wholeRedis(SETTLED_SECONDS);
  await settled(SETTLED_SECONDS);
}
