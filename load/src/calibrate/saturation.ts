import { setTimeout as pause } from 'node:timers/promises';
import type { TestUser } from '../../scenarios/test-users.ts';
import type { ApiSample } from '../run/samples.ts';

export interface LoginRun {
  readonly baseUrl: string;
  /** Each logs in again and again in its turn: there must be so many that none is beyond ten logins a minute. */
  readonly users: readonly TestUser[];
  readonly seconds: number;
  readonly look: () => Promise<ApiSample>;
}

export interface MeasuredLogins {
  readonly loginsPerSecond: number;
  /** Of the auth API. */
  readonly cpuCores: number;
  /** Logins that were turned away. */
  readonly refused: number;
}

/**
 * Logs in as fast as it is answered.
 * @param concurrency logins at the same time: more than there are threads, fewer than the queue takes
 * @throws Error for an answer that is neither tokens nor too much
 */
export function measureSaturation(run: LoginRun, concurrency: number): Promise<MeasuredLogins> {
  return measured(run, async (logIn, isOver) => {
    const logInAgain = async (): Promise<void> => {
      while (!isOver()) if (!(await logIn())) await pause(100);
    };
    await Promise.all(Array.from({ length: concurrency }, logInAgain));
  });
}

/** Logs in so many times a second, whether or not it is answered. */
export function measureAtRate(run: LoginRun, loginsPerSecond: number): Promise<MeasuredLogins> {
  return measured(run, async (logIn, isOver) => {
    const logins: Promise<boolean>[] = [];
    const startedAtMs = performance.now();
    while (!isOver()) {
      const login = logIn();
      // What it rejects with is told at the end; unheard until then, it would end the process.
      login.catch(() => undefined);
      logins.push(login);
      await pause(Math.max(0, startedAtMs + (logins.length * 1000) / loginsPerSecond - performance.now()));
    }
    await Promise.all(logins);
  });
}

async function measured(
  { baseUrl, users, seconds, look }: LoginRun,
  load: (logIn: () => Promise<boolean>, isOver: () => boolean) => Promise<void>,
): Promise<MeasuredLogins> {
  let [logins, refused, next] = [0, 0, 0];
  const logIn = async () => {
    const user = users[next++ % users.length];
    if (user === undefined) throw new RangeError('there must be users');
    const isLoggedIn = await loggedIn(baseUrl, user);
    if (isLoggedIn) logins += 1;
    else refused += 1;
    return isLoggedIn;
  };
  const before = await look();
  const startedAtMs = performance.now();
  await load(logIn, () => performance.now() >= startedAtMs + seconds * 1000);
  const after = await look();
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  return { loginsPerSecond: logins / elapsedSeconds, cpuCores: cpuSeconds / elapsedSeconds, refused };
}

async function loggedIn(baseUrl: string, { username, password, address }: TestUser): Promise<boolean> {
  const answer = await fetch(`${baseUrl}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ username, password }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (answer.status === 200) return true;
  if (answer.status === 503 || answer.status === 429) return false;
  throw new Error(`POST /v1/login answered ${answer.status} ${text}`);
}
