import type { TestUser } from '../../scenarios/test-users.ts';

export interface SeedResult {
  readonly created: number;
  readonly alreadyThere: number;
}

export interface SeedOptions {
  readonly baseUrl: string;
  /** Registrations at the same time; each costs a hash. */
  readonly concurrency: number;
  readonly onProgress?: (done: number) => void;
}

/** Registrations refused for a full hash queue or a limit are tried again, so often. */
const MOST_TRIES = 20;
const TIMEOUT_MS = 15_000;

/**
 * Makes sure that the users exist. By registration, which hashes each password: a second for about ten users and core.
 * @throws Error where a registration is refused for another reason than being there already
 */
export async function seedUsers(users: readonly TestUser[], options: SeedOptions): Promise<SeedResult> {
  let [created, alreadyThere, next] = [0, 0, 0];
  const register = async (): Promise<void> => {
    for (let user = users[next++]; user !== undefined; user = users[next++]) {
      if (await registered(user, options.baseUrl)) created += 1;
      else alreadyThere += 1;
      options.onProgress?.(created + alreadyThere);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, register));
  return { created, alreadyThere };
}

/** Whether the user is new. */
async function registered({ username, password, address }: TestUser, baseUrl: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(`${baseUrl}/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ username, password }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (answer.status === 201) return true;
    if (answer.status === 409) return false;
    const mayRetry = (answer.status === 503 || answer.status === 429) && attempt < MOST_TRIES;
    if (!mayRetry) throw new Error(`POST /v1/users for ${username} answered ${answer.status} ${text}`);
    await pause(Number(answer.headers.get('retry-after') ?? 1) * 1000);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
