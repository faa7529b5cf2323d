import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';

export interface RedisLogin {
  username: string;
  password: string;
}

export interface RedisServer extends RedisLogin {
  host: string;
  port: number;
  tls?: ConnectionOptions;
}

/** Sends one command; rejects with Redis's own message. */
export type RedisCommand = (name: string, ...args: (string | number)[]) => Promise<unknown>;

const PORT = 6379;
const TIMEOUT_MS = 2000;

/** Opens one connection to one pod (no cluster redirection), runs `work` and closes it whatever happens. */
export async function withRedis<T>(
  dialer: PodDialer,
  pod: PodAddress,
  login: RedisLogin,
  work: (command: RedisCommand) => Promise<T>,
): Promise<T> {
  const reach = await dialer.reach(pod, PORT);
  const { username, password } = login;
  try {
    return await withRedisServer({ host: reach.host, port: reach.port, username, password }, TIMEOUT_MS, work);
  } finally {
    reach.close();
  }
}

/** The same to any server. What takes longer than `timeoutMs` rejects; nothing is tried again. */
export async function withRedisServer<T>(
  server: RedisServer,
  timeoutMs: number,
  work: (command: RedisCommand) => Promise<T>,
): Promise<T> {
  const client = new Redis({
    ...server,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disableClientInfo: true,
  });
  let problem: Error | undefined;
  client.on('error', (error) => {
    problem = error;
  });
  try {
    await client.connect();
    return await work((name, ...args) => client.call(name, ...args));
  } catch (error) {
    // "Connection is closed." says less than the error that closed it.
    throw problem ?? error;
  } finally {
    client.disconnect();
  }
}
