// Users who log in over and over, without a pause.
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../../integration/harness/client.ts';
import { answerJobs } from '../client-process.ts';
import { LoginClient } from './log-in.ts';

export interface LoginRush {
  readonly url: string;
  readonly accounts: readonly Credentials[];
  readonly users: number;
  readonly durationMs: number;
}

/** How many logins succeeded. */
export type LoginRushResult = number;

// The server is to be busy with logins, not this process with making them.
setPriority(0, 5);

answerJobs<LoginRush, LoginRushResult>(async ({ url, accounts, users, durationMs }) => {
  const untilMs = performance.now() + durationMs;
  let succeeded = 0;
  const user = async (_: unknown, first: number) => {
    const client = new LoginClient(url);
    for (let turn = first; performance.now() < untilMs; turn += users) {
      const account = accounts[turn % accounts.length];
      if (account === undefined) break;
      if ((await client.logIn(account)) === 200) succeeded += 1;
      else await delay(100);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: users }, user));
  return succeeded;
});
