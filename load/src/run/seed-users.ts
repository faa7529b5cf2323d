import { sharedPassword, testUser, usernamePrefix } from '../../scenarios/test-users.ts';
import type { Hashing } from '../plan/calibration.ts';
import type { Administrator } from './administrator.ts';
import { passwordHash } from './password-hash.ts';

export interface SeedResult {
  readonly created: number;
  readonly alreadyThere: number;
}

export interface SeedOptions {
  readonly baseUrl: string;
  readonly administrator: Administrator;
  readonly passwordSeed: string;
  readonly count: number;
  /** Other than what the service hashes with, each user's first login hashes anew. */
  readonly hashing: Hashing;
}

interface Report {
  readonly created: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly errors: readonly object[];
}

/** Only one import runs in a pod at a time; another one is waited for, so often. */
const MOST_TRIES = 60;
const TIMEOUT_MS = 600_000;

/**
 * Makes sure that the users exist, by one import: those that are there already are left alone.
 * @throws Error where the administrator or a line is refused
 */
export async function seedUsers(options: SeedOptions): Promise<SeedResult> {
  const { baseUrl, passwordSeed, count, hashing } = options;
  const { access_token } = await logIn(options);
  const password_hash = await passwordHash(sharedPassword(passwordSeed), hashing);
  const lines = Array.from({ length: count }, (_, index) => {
    const { username } = testUser(index, passwordSeed);
    return `${JSON.stringify({ username, password_hash })}\n`;
  });
  const report = await send<Report>(baseUrl, 'POST', '/v1/admin/users/import', {
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/x-ndjson' },
    body: lines.join(''),
  });
  if (report.refused > 0) throw new Error(`${report.refused} users were refused: ${JSON.stringify(report.errors[0])}`);
  return { created: report.created, alreadyThere: report.unchanged };
}

/** Deletes the users of a seed. Resolves to how many there were. */
export async function deleteUsers(options: Omit<SeedOptions, 'count' | 'hashing'>): Promise<number> {
  const { baseUrl, passwordSeed } = options;
  const token = renewedToken(options);
  const search = `/v1/admin/users?limit=100&username_prefix=${usernamePrefix(passwordSeed)}`;
  let deleted = 0;
  while (true) {
    const headers = { authorization: `Bearer ${await token()}` };
    const { items } = await send<{ items: readonly { id: string }[] }>(baseUrl, 'GET', search, { headers });
    if (items.length === 0) return deleted;
    await Promise.all(items.map(({ id }) => send(baseUrl, 'DELETE', `/v1/admin/users/${id}`, { headers })));
    deleted += items.length;
  }
}

type Login = Pick<SeedOptions, 'baseUrl' | 'administrator'>;

interface Tokens {
  readonly access_token: string;
  readonly expires_in: number;
}

function logIn({ baseUrl, administrator }: Login): Promise<Tokens> {
  return send(baseUrl, 'POST', '/v1/login', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(administrator),
  });
}

/** Logs in again once half of the token's life is over. */
function renewedToken(login: Login): () => Promise<string> {
  let [token, renewAtMs] = ['', 0];
  return async () => {
    if (performance.now() < renewAtMs) return token;
    const { access_token, expires_in } = await logIn(login);
    [token, renewAtMs] = [access_token, performance.now() + expires_in * 500];
    return token;
  };
}

async function send<T>(baseUrl: string, method: string, path: string, request: RequestInit): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(`${baseUrl}${path}`, { ...request, method, signal });
    const text = await answer.text();
    if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    const mayRetry = (answer.status === 503 || answer.status === 429) && attempt < MOST_TRIES;
    // Somebody else was faster.
    if (method === 'DELETE' && answer.status === 404) return undefined as T;
    if (!mayRetry) throw new Error(`${method} ${path} answered ${answer.status} ${text}`);
    await pause(Number(answer.headers.get('retry-after') ?? 1) * 1000);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
