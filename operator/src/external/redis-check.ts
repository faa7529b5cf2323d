import type { ExternalRedis } from '../api/generated/authcluster.ts';
import { withRedisServer } from '../redis/connection.ts';
import type { ExternalLogin } from './material.ts';
import { type Attempt, connectionProblem, type ExternalProblem } from './problem.ts';
import { tlsConnectionOptions } from './tls.ts';

export interface RedisMaterial {
  login: ExternalLogin;
  ca?: string;
}

export interface RedisCheck {
  problem?: ExternalProblem;
  /** Endpoints that can be used. */
  readyEndpoints: number;
}

const TIMEOUT_MS = 2500;
const FIELD = 'spec.redis.external';
/** Sharded publish and subscribe came with it. */
const OLDEST_MAJOR = 7;

/** Looks at Redis as the auth API will: a real connection to each endpoint, with commands that it needs. */
export async function checkRedis(external: ExternalRedis, material: RedisMaterial): Promise<RedisCheck> {
  const problems = await Promise.all(
    external.endpoints.map(({ host, port }, index) => checkEndpoint(external, material, { host, port, index })),
  );
  const readyEndpoints = problems.filter((problem) => problem === undefined).length;
  const [problem] = problems.filter((each) => each !== undefined);
  return { readyEndpoints, ...(problem === undefined ? {} : { problem }) };
}

async function checkEndpoint(
  external: ExternalRedis,
  { login, ca }: RedisMaterial,
  { host, port, index }: { host: string; port: number; index: number },
): Promise<ExternalProblem | undefined> {
  const tls = tlsConnectionOptions(external.tls, ca);
  const server = { host, port, ...login, ...(tls === undefined ? {} : { tls }) };
  const addressField = `${FIELD}.endpoints[${index}]`;
  try {
    return await withRedisServer(server, TIMEOUT_MS, async (command) => {
      const info = String(await command('INFO'));
      const problem = infoProblem(info, external, `${host}:${port}`, addressField);
      if (problem !== undefined) return problem;
      // What the API runs: a script, and a message to other pods. One of a cluster may say that another node has the slot.
      await command('EVAL', 'return 1', '0');
      await command('SPUBLISH', 'authcluster:check', '');
      return undefined;
    });
  } catch (error) {
    return redisProblem(error, {
      ...{ address: `${host}:${port}`, addressField, username: login.username },
      tlsField: `${FIELD}.tls`,
      loginField: `${FIELD}.credentials`,
    });
  }
}

/** `info` is the answer of INFO: lines of `name:value`. */
export function infoProblem(
  info: string,
  { topology }: Pick<ExternalRedis, 'topology'>,
  address: string,
  addressField: string,
): ExternalProblem | undefined {
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = value('redis_version') ?? '';
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    const fix = `use Redis ${OLDEST_MAJOR} or newer`;
    return { reason: 'VersionTooOld', message: `${addressField}: ${address} is Redis ${version}: ${fix}` };
  }
  const isCluster = value('cluster_enabled') === '1';
  if (isCluster !== (topology === 'Cluster')) {
    const [is, fix] = isCluster ? ['a node of a cluster', 'Cluster'] : ['no node of a cluster', 'Single'];
    return { reason: 'TopologyMismatch', message: `${FIELD}.topology: ${address} is ${is}: set topology to ${fix}` };
  }
  if (!isCluster && value('role') === 'slave') {
    return { reason: 'NotPrimary', message: `${addressField}: ${address} is a replica: name what takes writes` };
  }
  return undefined;
}

/** By the first word of what Redis answers, else by what kept the connection from coming about. */
export function redisProblem(error: unknown, attempt: Attempt): ExternalProblem | undefined {
  const { address, loginField, username } = attempt;
  const { message } = error as Error;
  switch (message.split(' ')[0]) {
    case 'WRONGPASS':
    case 'NOAUTH': {
      const fix = 'correct user name or password in the Secret, or on the server';
      return { reason: 'AuthenticationFailed', message: `${loginField}: ${address} refuses ${username}: ${fix}` };
    }
    case 'NOPERM': {
      const fix = 'give the ACL user the rules of docs/how-to/use-an-external-redis.md';
      return { reason: 'PermissionDenied', message: `${loginField}: ${address}: ${message}: ${fix}` };
    }
    case 'CLUSTERDOWN':
    case 'LOADING':
    case 'MASTERDOWN':
      return { reason: 'ServerNotWhole', message: `${address}: ${message}: see the state of that Redis` };
    case 'MOVED':
      return undefined;
    default:
      return connectionProblem(error, attempt) ?? { reason: 'ServerRefused', message: `${address}: ${message}` };
  }
}
