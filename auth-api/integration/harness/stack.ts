import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeContainers } from '../../../dev/containers/container.ts';
import { freePorts } from '../../../dev/containers/free-ports.ts';
import { projectImages } from './images.ts';
import { startPooler } from './pgbouncer.ts';
import { createRoles, database, passwords, startPrimary, startReplica } from './postgres.ts';
import { redisCredentials, startRedisCluster } from './redis.ts';

/** What tests need to know of the running servers; plain data, since it goes from globalSetup to the tests. */
export interface Stack {
  readonly directory: string;
  readonly primaryPort: number;
  readonly replicaPort: number;
  readonly poolerRwPort: number;
  readonly poolerRoPort: number;
  readonly redisPorts: readonly number[];
  readonly containers: Readonly<Record<string, string>>;
}

/** Starts PostgreSQL with a replica, PgBouncer before each, and a Redis Cluster. */
export async function startStack(): Promise<Stack> {
  await removeContainers();
  const images = await projectImages();
  const directory = await mkdtemp(join(tmpdir(), 'authcluster-integration-'));
  // The servers read it under users of their own.
  await chmod(directory, 0o755);
  const [primaryPort = 0, replicaPort = 0, poolerRwPort = 0, poolerRoPort = 0] = await freePorts(4);
  const [redis, primary, replica, verifiers] = await Promise.all([
    startRedisCluster(images.redis, directory),
    startPrimary(images.postgres, primaryPort),
    startReplica(images.postgres, replicaPort, primaryPort),
    createRoles(primaryPort),
    writeSecrets(directory),
  ]);
  const pooler = { image: images.pgbouncer, directory, verifiers };
  const [rw, ro] = await Promise.all([
    startPooler({ ...pooler, name: 'pooler-rw', port: poolerRwPort, serverPort: primaryPort }),
    startPooler({ ...pooler, name: 'pooler-ro', port: poolerRoPort, serverPort: replicaPort }),
  ]);
  const containers = {
    primary: primary.container.id,
    replica: replica.container.id,
    poolerRw: rw.container.id,
    poolerRo: ro.container.id,
    ...Object.fromEntries(redis.map((node, index) => [`redis${index}`, node.container.id])),
  };
  const redisPorts = redis.map((node) => node.port);
  return { directory, primaryPort, replicaPort, poolerRwPort, poolerRoPort, redisPorts, containers };
}

/** The first administrator of the database that all tests share. */
export const administrator = { username: 'root-of-tests', password: 'throw-away word of tests' };

export const oauthClient = { id: 'shop', secret: 'the secret of the shop' };

/** The folders that pods have mounted. */
async function writeSecrets(directory: string): Promise<void> {
  const folders = {
    app: { username: 'auth_app', password: passwords.auth_app },
    migrator: { username: 'auth_migrator', password: passwords.auth_migrator },
    'redis-client': redisCredentials,
    administrator,
    clients: { [oauthClient.id]: oauthClient.secret },
    keys: { 'keyset.json': newKeySet(), 'derivation.key': randomBytes(32).toString('base64') },
  };
  for (const [folder, files] of Object.entries(folders)) {
    await mkdir(join(directory, folder), { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(directory, folder, file), content);
  }
}

export function newKeySet(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  const key = { kid: randomBytes(8).toString('hex'), kty: 'OKP', crv: 'Ed25519', x, d, status: 'active' };
  return JSON.stringify({ keys: [{ ...key, created_at: new Date().toISOString() }] });
}

/** The environment of a pod of the auth API. Small hashing cost: these tests are not about its time. */
export function serveEnvironment(stack: Stack): Record<string, string> {
  return {
    HTTP_PORT: '0',
    OPS_PORT: '0',
    POSTGRES_WRITE_HOST: '127.0.0.1',
    POSTGRES_WRITE_PORT: String(stack.poolerRwPort),
    POSTGRES_READ_HOST: '127.0.0.1',
    POSTGRES_READ_PORT: String(stack.poolerRoPort),
    POSTGRES_DATABASE: database,
    POSTGRES_CREDENTIALS_DIR: join(stack.directory, 'app'),
    POSTGRES_WRITE_POOL_SIZE: '10',
    POSTGRES_READ_POOL_SIZE: '10',
    REDIS_NODES: stack.redisPorts.map((port) => `127.0.0.1:${port}`).join(','),
    REDIS_CREDENTIALS_DIR: join(stack.directory, 'redis-client'),
    KEYS_DIR: join(stack.directory, 'keys'),
    ADMIN_CREDENTIALS_DIR: join(stack.directory, 'administrator'),
    OAUTH_CLIENTS_DIR: join(stack.directory, 'clients'),
    TOKEN_ISSUER: 'https://auth.example.com',
    HASH_COST: '4',
    HASH_WORKERS: '2',
    HASH_QUEUE_LENGTH: '1000',
    TRUSTED_PROXIES: '127.0.0.0/8',
    LOGIN_RATE_PER_ACCOUNT: '1000/60',
    SHUTDOWN_GRACE_SECONDS: '8',
    CIRCUIT_BREAKER_RECOVERY_SECONDS: '1',
  };
}

export function migrateEnvironment(stack: Stack): Record<string, string> {
  return {
    MIGRATIONS_HOST: '127.0.0.1',
    MIGRATIONS_PORT: String(stack.primaryPort),
    POSTGRES_DATABASE: database,
    POSTGRES_CREDENTIALS_DIR: join(stack.directory, 'migrator'),
    APP_ROLE: 'auth_app',
  };
}
