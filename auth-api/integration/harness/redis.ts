import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Container } from '../../../dev/containers/container.ts';
import { freePorts } from '../../../dev/containers/free-ports.ts';
import { eventually } from '../../../dev/eventually.ts';

/** Of servers on a machine that has much else to do. */
const startLimitMs = 120_000;

export const redisCredentials = { username: 'auth_api', password: 'redis' };

export interface RedisNode {
  readonly port: number;
  readonly container: Container;
}

const slots = 16_384;

/** A cluster of primaries, each with its share of the slots. */
export async function startRedisCluster(
  image: string,
  directory: string,
  { count = 3, prefix = '' } = {},
): Promise<RedisNode[]> {
  const folder = join(directory, 'redis');
  await mkdir(folder, { recursive: true });
  const { username, password } = redisCredentials;
  await writeFile(join(folder, 'users.acl'), `user default off\nuser ${username} on >${password} ~* &* +@all\n`);
  const ports = await freePorts(2 * count);
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startNode(image, folder, `${prefix}redis-${index}`, ports[index] ?? 0, ports[count + index] ?? 0),
    ),
  );
  await joinNodes(nodes, ports.slice(count));
  return nodes;
}

async function startNode(image: string, folder: string, name: string, port: number, busPort: number) {
  const options = {
    port,
    'cluster-port': busPort,
    bind: '127.0.0.1',
    dir: '/data',
    save: '',
    aclfile: '/etc/redis/users.acl',
    'cluster-enabled': 'yes',
    'cluster-announce-ip': '127.0.0.1',
    'cluster-node-timeout': 2000,
    'cluster-require-full-coverage': 'no',
    maxmemory: '64mb',
    'maxmemory-policy': 'allkeys-lru',
  };
  const command = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const mounts = { [folder]: '/etc/redis' };
  const container = await Container.start({ name, image, entrypoint: 'redis-server', command, mounts });
  return { port, container };
}

async function joinNodes(nodes: readonly RedisNode[], busPorts: readonly number[]): Promise<void> {
  const clients = nodes.map(({ port }) => connectNode(port));
  try {
    await Promise.all(clients.map((client) => eventually(() => client.ping(), startLimitMs)));
    await Promise.all(clients.map((client, index) => takeSlots(client, index, clients.length)));
    const [first, ...rest] = clients;
    for (const client of rest) {
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port), String(busPorts[0]));
    }
    await Promise.all(
      [first, ...rest].map((client) => eventually(() => isWhole(client, clients.length), startLimitMs)),
    );
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function takeSlots(client: Redis, index: number, count: number): Promise<void> {
  const [from, to] = [Math.floor((slots * index) / count), Math.floor((slots * (index + 1)) / count) - 1];
  await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
}

async function isWhole(client: Redis | undefined, count: number): Promise<void> {
  const info = String(await client?.call('CLUSTER', 'INFO'));
  if (!info.includes(`cluster_known_nodes:${count}`) || !info.includes(`cluster_slots_ok:${slots}`)) {
    throw new Error(`the Redis Cluster is not whole: ${info}`);
  }
}

function connectNode(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port, ...redisCredentials, retryStrategy: () => 50 });
  client.on('error', () => {});
  return client;
}
