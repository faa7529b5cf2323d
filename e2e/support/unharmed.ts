import type { AuthClient } from './auth-client.ts';
import { noteLoad } from './chaos-cluster.ts';
import { underMixedLoad } from './data-load.ts';
import { expectUnharmed } from './database.ts';
import type { Note } from './repeated.ts';

/** Brings something about under load: no request may fail for it, and none may wait for long. Notes how long it took, too. */
export async function unharmed(client: AuthClient, note: Note, during: () => Promise<unknown>): Promise<void> {
  const load = await underMixedLoad(client, async () => {
    const startedMs = Date.now();
    await during();
    note({ 'done after': (Date.now() - startedMs) / 1000 });
  });
  noteLoad(note, load);
  expectUnharmed(load);
}
