import type { TestUser } from '../../scenarios/test-users.ts';
import type { Calibration } from '../plan/calibration.ts';

export interface ApiUnderCalibration {
  readonly baseUrl: string;
  /** Users that exist. */
  readonly users: readonly TestUser[];
  /** CPU that all pods of the auth API have used so far. */
  readonly cpuSeconds: () => Promise<number>;
  readonly pods: () => Promise<number>;
  /** Waits; a parameter for the tests' sake. */
  readonly pause: (ms: number) => Promise<void>;
  /** CPU of one password hash, which is taken off what a login costs. */
  readonly hashMs: number;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** How often each operation is done. */
const VERIFIES = 1500;
const PROFILES = 600;
const REFRESHES = 300;
/** Each is opened and ended once: enough to tell what that costs, and well below ten logins a minute. */
const SESSIONS_EACH = 3;
const CONCURRENCY = 4;
const IDLE_MS = 5000;
const LOGIN_TURNS = 50;
const LOGIN_PAUSE_MS = 100;
/** No cost is taken for less, which is beyond what the counters of a process can tell. */
const LEAST_MS = 0.01;

/**
 * CPU of the auth API per request outside hashing, from its own counters before and after many of a kind; what it uses
 * while idle is taken off. Nothing else should use the API meanwhile. A log-out has in it what the pods do that hear of it.
 * @throws Error where a request is refused, or a login costs what it cannot with that hash
 */
export async function measureApiCosts(
  api: ApiUnderCalibration,
): Promise<Omit<Calibration['api'], 'memoryMib' | 'logoutHeardMs'>> {
  const idleCores = await idleUse(api);
  const pods = await api.pods();
  const sessions = new Sessions(api);
  const msEach = (count: number, request: (index: number) => Promise<void>) =>
    cpuMsEach(api, idleCores, count, request);
  const loginMs = besideHashing(await msEach(sessions.count, (index) => sessions.open(index)), api.hashMs);
  const verifyHitMs = await msEach(VERIFIES, (index) => sessions.verify(index));
  const profileMs = await msEach(PROFILES, (index) => sessions.profile(index));
  const refreshMs = await msEach(REFRESHES, (index) => sessions.refresh(index));
  // A token that was just issued is in no cache.
  const refreshAndVerifyMs = await msEach(REFRESHES, async (index) => {
    await sessions.refresh(index);
    await sessions.verify(index);
  });
  const logoutMs = await msEach(sessions.count, (index) => sessions.end(index));
  return {
    idleMillicores: Math.max(1, Math.round((idleCores * 1000) / pods)),
    loginMs: atLeast(loginMs),
    refreshMs: atLeast(refreshMs),
    profileMs: atLeast(profileMs),
    verifyHitMs: atLeast(verifyHitMs),
    verifyMissMs: atLeast(Math.max(refreshAndVerifyMs - refreshMs, verifyHitMs)),
    logoutMs: atLeast(logoutMs),
  };
}

/** Some of each user, by their place among all of them. */
class Sessions {
  readonly count: number;
  readonly #api: ApiUnderCalibration;
  readonly #tokens: (Tokens | undefined)[];

  constructor(api: ApiUnderCalibration) {
    this.#api = api;
    this.count = api.users.length * SESSIONS_EACH;
    this.#tokens = new Array<Tokens | undefined>(this.count);
  }

  async open(index: number): Promise<void> {
    const { username, password, address } = this.#userOf(index);
    this.#tokens[index] = await logIn(this.#api, { body: { username, password }, address });
  }

  async verify(index: number): Promise<void> {
    await this.#send(index, 'GET', '/verify', { token: this.#tokensOf(index).access_token });
  }

  async profile(index: number): Promise<void> {
    await this.#send(index, 'GET', '/v1/me', { token: this.#tokensOf(index).access_token });
  }

  async refresh(index: number): Promise<void> {
    const body = { refresh_token: this.#tokensOf(index).refresh_token };
    this.#tokens[index % this.count] = await this.#send<Tokens>(index, 'POST', '/v1/refresh', { body });
  }

  async end(index: number): Promise<void> {
    const body = { refresh_token: this.#tokensOf(index).refresh_token };
    await this.#send(index, 'POST', '/v1/logout', { body });
  }

  #userOf(index: number): TestUser {
    const user = this.#api.users[index % this.#api.users.length];
    if (user === undefined) throw new Error('no user to calibrate with');
    return user;
  }

  #tokensOf(index: number): Tokens {
    const tokens = this.#tokens[index % this.count];
    if (tokens === undefined) throw new Error('no session to calibrate with');
    return tokens;
  }

  #send<T>(index: number, method: string, path: string, request: { body?: object; token?: string }): Promise<T> {
    return send<T>(this.#api.baseUrl, method, path, { ...request, address: this.#userOf(index).address });
  }
}

/** Less than nothing, or more than the hash itself: then it is another hash that the API made. */
function besideHashing(loginMs: number, hashMs: number): number {
  const restMs = loginMs - hashMs;
  if (restMs >= 0 && restMs <= hashMs) return restMs;
  throw new Error(
    `a login took ${loginMs.toFixed(1)} ms of CPU, and its hash should have taken ${hashMs.toFixed(1)} ms of that: give ` +
      'hash-algorithm and hash-cost as the API has them (api.hashing of the AuthCluster), and use neither it nor the machine meanwhile',
  );
}

async function idleUse({ cpuSeconds, pause }: ApiUnderCalibration): Promise<number> {
  const [before, startedAtMs] = [await cpuSeconds(), performance.now()];
  await pause(IDLE_MS);
  return ((await cpuSeconds()) - before) / Math.max(0.001, (performance.now() - startedAtMs) / 1000);
}

/** In turns, so that two requests of one session never meet: all that are in one turn are of different ones. */
async function cpuMsEach(
  { cpuSeconds, users }: ApiUnderCalibration,
  idleCores: number,
  count: number,
  request: (index: number) => Promise<void>,
): Promise<number> {
  const [before, startedAtMs] = [await cpuSeconds(), performance.now()];
  const width = Math.min(CONCURRENCY, users.length);
  for (let done = 0; done < count; done += width) {
    await Promise.all(Array.from({ length: Math.min(width, count - done) }, (_, place) => request(done + place)));
  }
  const idleSeconds = (idleCores * (performance.now() - startedAtMs)) / 1000;
  return (((await cpuSeconds()) - before - idleSeconds) * 1000) / count;
}

/** A pod with few hashing threads turns some of those away that come at once, which costs it next to nothing. */
async function logIn(
  { baseUrl, pause }: ApiUnderCalibration,
  attempt: { body: object; address: string },
): Promise<Tokens> {
  for (let turn = 0; ; turn += 1) {
    try {
      return await send<Tokens>(baseUrl, 'POST', '/v1/login', attempt);
    } catch (error) {
      if (!(error instanceof TurnedAway) || turn >= LOGIN_TURNS) throw error;
      await pause(LOGIN_PAUSE_MS);
    }
  }
}

class TurnedAway extends Error {}

async function send<T>(
  baseUrl: string,
  method: string,
  path: string,
  { body, token, address }: { body?: object; token?: string; address: string },
): Promise<T> {
  const answer = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      // Limits count logins by network.
      'x-forwarded-for': address,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  const said = `${method} ${path} answered ${answer.status} ${text}`;
  if (answer.status === 503) throw new TurnedAway(said);
  if (!answer.ok) throw new Error(said);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function atLeast(ms: number): number {
  return Math.max(LEAST_MS, Math.round(ms * 1000) / 1000);
}
