import { randomBytes } from 'node:crypto';
import type { Print } from './steps.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** A user that nobody can guess: quick starts run on machines that other people reach, too. */
export function randomCredentials(): Credentials {
  return { username: `ada-${randomBytes(3).toString('hex')}`, password: randomBytes(15).toString('base64url') };
}

/** Registers the user, logs in and asks who it is, as an application would. Rejects with the request that failed. */
export async function firstLogin(url: string, credentials: Credentials, print: Print): Promise<void> {
  await request(url, 'POST', '/v1/users', { body: credentials });
  print(`POST /v1/users  created ${credentials.username}`);
  const tokens = await request(url, 'POST', '/v1/login', { body: credentials });
  const accessToken = tokens.access_token;
  if (typeof accessToken !== 'string') throw new Error('POST /v1/login answered without an access_token');
  print(`POST /v1/login  gave an access token for ${tokens.expires_in} s and a refresh token`);
  const me = await request(url, 'GET', '/v1/me', { token: accessToken });
  if (me.username !== credentials.username) throw new Error(`GET /v1/me answered ${JSON.stringify(me)}`);
  print(`GET  /v1/me     answered ${JSON.stringify(me)}`);
}

async function request(
  url: string,
  method: string,
  path: string,
  { body, token }: { body?: object; token?: string },
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
