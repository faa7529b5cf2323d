import type { AuthClient, Tokens } from './auth-client.ts';
import { sessionDuration } from './measurements.ts';
import type { Pace } from './pace.ts';

export interface SessionShape {
  /** How often the user works: fewest and most. */
  readonly works: readonly [number, number];
  readonly accessTokenSeconds: number;
}

/** Refreshed when a fifth of its life is left, as clients do. */
const DUE_SHARE = 0.8;

/** Profile, work and log-out of a user who has just logged in. */
export function workAndLogOut(client: AuthClient, pace: Pace, first: Tokens, shape: SessionShape): void {
  const startedAtMs = first.obtainedAtMs;
  let tokens: Tokens | undefined = first;
  pace.wait(1, 3);
  client.profile(tokens);
  pace.wait(2, 5);
  const [fewest, most] = shape.works;
  const works = fewest + Math.floor(Math.random() * (most - fewest + 1));
  for (let work = 0; work < works && !pace.isOver(); work += 1) {
    if (isDue(tokens, shape.accessTokenSeconds)) tokens = client.refresh(tokens);
    // Without tokens the user would have to log in again: the session is over.
    if (tokens === undefined) return;
    client.verify(tokens);
    pace.wait(10, 30);
  }
  client.logout(tokens);
  sessionDuration.add(Date.now() - startedAtMs);
}

function isDue({ obtainedAtMs, expiresInSeconds }: Tokens, accessTokenSeconds: number): boolean {
  const lifetimeSeconds = Math.min(expiresInSeconds, accessTokenSeconds);
  return Date.now() - obtainedAtMs >= DUE_SHARE * lifetimeSeconds * 1000;
}
