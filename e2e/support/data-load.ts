import {
  type AuthClient,
  type Credentials,
  failureOf,
  loggedInUser,
  randomCredentials,
  type Tokens,
} from './auth-client.ts';
import { eventually } from './eventually.ts';
import { type LoadResult, underSteadyLoad } from './steady-load.ts';

export interface WritesResult extends LoadResult {
  /** Sessions whose last acknowledged write is not there any more. */
  lost: number;
}

/** Within it a refresh that was carried out, but not answered, is answered when it comes again (REFRESH_GRACE_SECONDS). */
const GRACE_SECONDS = 30;

interface WritingSession {
  tokens: Tokens;
  /** The first refresh by its token that was not answered with the next one. */
  unansweredSinceMs?: number;
}

/** For what precedes and follows a load, which is no part of what is measured. */
const AROUND_SECONDS = 60;

/** One after the other: a small machine that hashes several passwords at once sheds some. */
async function newSession(client: AuthClient): Promise<Tokens> {
  return (await eventually(() => loggedInUser(client), AROUND_SECONDS)).tokens;
}

/**
 * Whether the last acknowledged refresh of a session is not known any more. Who gets no answer yet asks again. Not so after an
 * outage that is longer than the grace window: what was carried out without an answer is a reuse then.
 */
function isLost(client: AuthClient, { tokens, unansweredSinceMs = Number.POSITIVE_INFINITY }: WritingSession) {
  return eventually(async () => {
    const { status } = await client.refresh(tokens.refresh_token);
    if (status !== 200 && status !== 401) throw new Error(`POST /v1/refresh answered ${status}`);
    return status === 401 && Date.now() - unansweredSinceMs < GRACE_SECONDS * 1000;
  }, AROUND_SECONDS);
}

/** Users who refresh their tokens one time after another: each refresh is a write that the next one builds upon. */
export async function underWrites(client: AuthClient, during: () => Promise<void>): Promise<WritesResult> {
  const sessions: WritingSession[] = [];
  while (sessions.length < 3) sessions.push({ tokens: await newSession(client) });
  const idle = [...sessions];
  const request = async () => {
    const session = idle.shift();
    if (session === undefined) throw new Error('there are as many sessions as clients');
    session.unansweredSinceMs ??= Date.now();
    try {
      const answer = await client.refresh(session.tokens.refresh_token);
      if (answer.status !== 200) return failureOf('POST /v1/refresh', answer);
      session.tokens = answer.body as Tokens;
      delete session.unansweredSinceMs;
      return undefined;
    } finally {
      idle.push(session);
    }
  };
  const load = await underSteadyLoad({ clients: sessions.length, pauseMilliseconds: 200 }, request, during);
  const lost = await Promise.all(sessions.map((session) => isLost(client, session)));
  return { ...load, lost: lost.filter(Boolean).length };
}

/** Checks of a token, for as long as `during` runs. */
export async function underChecks(client: AuthClient, during: () => Promise<void>): Promise<LoadResult> {
  const tokens = await newSession(client);
  const request = async () => {
    return failureOf('GET /verify', await client.verify(tokens.access_token));
  };
  return underSteadyLoad({ clients: 2, pauseMilliseconds: 100 }, request, during);
}

/** Reads of what a known session may see, for as long as `during` runs. */
async function underReads(client: AuthClient, during: () => Promise<void>): Promise<LoadResult> {
  const tokens = await newSession(client);
  const request = async () => failureOf('GET /v1/me', await client.me(tokens.access_token));
  return underSteadyLoad({ clients: 1, pauseMilliseconds: 200 }, request, during);
}

/** Below the limits for one account (10 a minute) and for one network (100 a minute). */
const LOGIN_USERS = 8;
const LOGIN_PAUSE_MS = 1200;

/** Logins, about one a second, of several users in turn. */
async function underLogins(client: AuthClient, during: () => Promise<void>): Promise<LoadResult> {
  const users: Credentials[] = [];
  while (users.length < LOGIN_USERS) users.push(await eventually(() => newUser(client), AROUND_SECONDS));
  let turn = 0;
  const request = async () => {
    turn += 1;
    return failureOf('POST /v1/login', await client.login(users[turn % LOGIN_USERS] ?? randomCredentials()));
  };
  return underSteadyLoad({ clients: 1, pauseMilliseconds: LOGIN_PAUSE_MS }, request, during);
}

async function newUser(client: AuthClient): Promise<Credentials> {
  const credentials = randomCredentials();
  const { status } = await client.register(credentials);
  if (status !== 201) throw new Error(`POST /v1/users answered ${status}`);
  return credentials;
}

export interface MixedResult {
  writes: WritesResult;
  checks: LoadResult;
  reads: LoadResult;
  logins: LoadResult;
}

/** Checks, reads, logins and writes at the same time. */
export async function underMixedLoad(client: AuthClient, during: () => Promise<void>): Promise<MixedResult> {
  let writes: WritesResult | undefined;
  let logins: LoadResult | undefined;
  let reads: LoadResult | undefined;
  const checks = await underChecks(client, async () => {
    reads = await underReads(client, async () => {
      logins = await underLogins(client, async () => {
        writes = await underWrites(client, during);
      });
    });
  });
  if (writes === undefined || logins === undefined || reads === undefined) throw new Error('the load never ran');
  return { writes, checks, reads, logins };
}
