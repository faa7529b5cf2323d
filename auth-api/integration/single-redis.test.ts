import { chmod, cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeCertificates } from '../../dev/containers/certificates.ts';
import { Container } from '../../dev/containers/container.ts';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { projectImages } from './harness/images.ts';
import { metric } from './harness/metrics.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
const passwords = { before: 'the first word', after: 'the second word' };
/** What docs/how-to/use-an-external-redis.md asks for. */
const rules = '~* &* +@all -@admin -@dangerous +info';
let port: number;
let folder: string;
let redis: Container;
let apis: ApiProcess[];
let clients: Client[];

const acl = (...words: string[]) =>
  writeFile(
    join(folder, 'users.acl'),
    `user default off\nuser shop on ${words.map((word) => `>${word.replaceAll(' ', '-')}`).join(' ')} ${rules}\n`,
  );
const credentialsWith = async (password: string) => {
  await writeFile(join(folder, 'client/username'), 'shop');
  await writeFile(join(folder, 'client/password'), password.replaceAll(' ', '-'));
};
const environment = () => ({
  ...serveEnvironment(stack),
  REDIS_NODES: `localhost:${port}`,
  REDIS_TOPOLOGY: 'single',
  REDIS_TLS_MODE: 'verify-full',
  REDIS_CREDENTIALS_DIR: join(folder, 'client'),
});

beforeAll(async () => {
  folder = await mkdtemp(join(stack.directory, 'single-redis-'));
  await mkdir(join(folder, 'client'));
  await makeCertificates(folder);
  await cp(join(folder, 'ca.crt'), join(folder, 'client/ca.crt'));
  await acl(passwords.before);
  await credentialsWith(passwords.before);
  // The server reads it under a user of its own.
  await chmod(folder, 0o755);
  await chmod(join(folder, 'server.key'), 0o644);
  [port = 0] = await freePorts(1);
  const options = {
    port: 0,
    'tls-port': port,
    'tls-cert-file': '/etc/redis/server.crt',
    'tls-key-file': '/etc/redis/server.key',
    'tls-ca-cert-file': '/etc/redis/ca.crt',
    'tls-auth-clients': 'no',
    bind: '127.0.0.1',
    save: '',
    aclfile: '/etc/redis/users.acl',
  };
  redis = await Container.start({
    name: 'single-redis',
    image: (await projectImages()).redis,
    entrypoint: 'redis-server',
    command: Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
    mounts: { [folder]: '/etc/redis' },
  });
  apis = await Promise.all([ApiProcess.start(environment()), ApiProcess.start(environment())]);
  clients = apis.map(({ url }) => new Client(url));
}, 60_000);
afterAll(() => Promise.all((apis ?? []).map((api) => api.stop())));

/** What a pod found in a cache: user_permissions is in the shared tier alone, session in its own memory. */
function hits(api: ApiProcess | undefined, type: 'user_permissions' | 'session'): Promise<number> {
  return metric(new Client(api?.opsUrl ?? ''), `cache_operations_total{operation="get_${type}",result="hit"}`);
}

const permissions = (client: Client, token: string) => client.send('GET', '/v1/me/permissions', { token });

describe('with one Redis server, by TLS and an ACL user', () => {
  test('pods share what they cache', async () => {
    const [one, two] = clients as [Client, Client];
    const { tokens } = await one.newSession();
    await eventually(async () => {
      const before = await hits(apis[1], 'user_permissions');
      expect((await permissions(one, tokens.access_token)).status).toBe(200);
      expect((await permissions(two, tokens.access_token)).status).toBe(200);
      expect(await hits(apis[1], 'user_permissions')).toBeGreaterThan(before);
    });
  });

  test('a logout at one pod ends the session at another within a second', async () => {
    const [one, two] = clients as [Client, Client];
    const { tokens } = await one.newSession();
    // It remembers a session only while it hears invalidations.
    await eventually(async () => {
      const before = await hits(apis[1], 'session');
      expect((await two.verify(tokens.access_token)).status).toBe(200);
      expect(await hits(apis[1], 'session')).toBeGreaterThan(before);
    });
    await one.logout(tokens.refresh_token);
    await eventually(async () => expect((await two.verify(tokens.access_token)).status).toBe(401), 1000, 20);
  });

  test('a rotated password is taken when a connection is made anew, without a restart', async () => {
    await credentialsWith(passwords.after);
    await acl(passwords.after);
    await redis.kill();
    await redis.restart();
    const [one, two] = clients as [Client, Client];
    await eventually(async () => {
      const { tokens } = await one.newSession();
      const before = await hits(apis[1], 'user_permissions');
      await permissions(one, tokens.access_token);
      await permissions(two, tokens.access_token);
      expect(await hits(apis[1], 'user_permissions')).toBeGreaterThan(before);
    });
  });
});
