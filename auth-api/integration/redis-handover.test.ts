import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Container } from '../../dev/containers/container.ts';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import { redis } from '../../operator/src/specs/redis/redis.ts';
import { SAMPLE_INPUTS, sampleCluster } from '../../operator/src/testing/sample-clusters.ts';
import { projectImages } from './harness/images.ts';
import { runningStack } from './harness/running-stack.ts';

const limitMs = 60_000;
/** One port and several addresses, as pods have them. What runs in a pod asks its own node at the first. */
const addresses = ['127.0.0.1', '127.0.0.2'] as const;
const password = SAMPLE_INPUTS.credentials.redis.operatorPassword;
const objects = redis(sampleCluster('development'), SAMPLE_INPUTS);

/** Two nodes that do not know each other yet, with the configuration and the users of a pod's. */
class Members {
  readonly #nodes: readonly Container[];
  readonly #port: number;
  readonly #busPort: number;
  readonly #readinessPort: number;

  private constructor(nodes: readonly Container[], [port = 0, busPort = 0, readinessPort = 0]: readonly number[]) {
    this.#nodes = nodes;
    this.#port = port;
    this.#busPort = busPort;
    this.#readinessPort = readinessPort;
  }

  static async start(): Promise<Members> {
    const [folder, { redis: image }, [port = 0, busPort = 0, ...readinessPorts]] = await Promise.all([
      configuration(),
      projectImages(),
      freePorts(4),
    ]);
    const nodes = await Promise.all(
      addresses.map((address, index) => {
        const announced = ['--cluster-announce-ip', address, '--replica-announce-ip', address];
        const bound = ['--bind', address, '--bind-source-addr', address];
        const ports = ['--port', String(port), '--cluster-port', String(busPort)];
        return Container.start({
          name: `redis-handover-${index}`,
          image,
          entrypoint: 'start-redis',
          command: ['/etc/redis/redis.conf', ...ports, ...bound, ...announced],
          mounts: { [folder]: '/etc/redis' },
          environment: { REDIS_PORT: String(port), READINESS_PORT: String(readinessPorts[index]) },
        });
      }),
    );
    const members = new Members(nodes, [port, busPort, ...readinessPorts]);
    await Promise.all(
      addresses.map((_, index) =>
        eventually(async () => expect(await members.ask(index, 'ping')).toBe('PONG'), limitMs),
      ),
    );
    return members;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.remove()));
  }

  ask(index: number, ...command: readonly string[]): Promise<string> {
    const login = ['--no-auth-warning', '--user', 'operator', '--pass', password];
    const node = ['-h', addresses[index] ?? '', '-p', String(this.#port)];
    return this.#first().run('redis-cli', ...login, ...node, ...command);
  }

  async role(index: number): Promise<string> {
    return (await this.ask(index, 'role')).split('\n')[0] ?? '';
  }

  async meet(): Promise<void> {
    await this.ask(0, 'cluster', 'meet', addresses[1], String(this.#port), String(this.#busPort));
    await eventually(async () => {
      for (const index of [0, 1]) expect(await this.ask(index, 'cluster', 'info')).toContain('cluster_known_nodes:2');
    }, limitMs);
  }

  async giveSlots(): Promise<void> {
    await this.ask(0, 'cluster', 'addslotsrange', '0', '16383');
  }

  /** Resolves once the second is in sync with the first. */
  async replicate(): Promise<void> {
    const primary = await this.ask(0, 'cluster', 'myid');
    await eventually(() => this.#replicate(primary), limitMs);
    await eventually(async () => expect(await this.ask(0, 'info', 'replication')).toContain('state=online'), limitMs);
  }

  /** Of the first, as a kubelet asks. */
  async isReady(): Promise<boolean> {
    const { status } = await fetch(`http://${addresses[0]}:${this.#readinessPort}/cgi-bin/ready`);
    expect([200, 503]).toContain(status);
    return status === 200;
  }

  /** Of the first, as before it stops; resolves with what the script says in the log. */
  async handOver(): Promise<string> {
    await this.#first().run('/usr/local/bin/handover');
    const lines = (await this.#first().logs()).split('\n').filter((line) => line.startsWith('handover: '));
    return lines.at(-1) ?? '';
  }

  /** It may not know the primary's slots yet. */
  async #replicate(primary: string): Promise<void> {
    expect(await this.ask(1, 'cluster', 'replicate', primary)).toBe('OK');
  }

  #first(): Container {
    const [first] = this.#nodes;
    if (first === undefined) throw new Error('there are no nodes');
    return first;
  }
}

/** A folder with what a pod has mounted. */
async function configuration(): Promise<string> {
  const folder = join(runningStack().directory, 'redis-handover');
  await mkdir(join(folder, 'operator'), { recursive: true });
  const { data } = objects.find(({ kind }) => kind === 'Secret') as unknown as { data: Record<string, string> };
  for (const [name, text] of Object.entries(data)) await writeFile(join(folder, name), Buffer.from(text, 'base64'));
  await writeFile(join(folder, 'operator/password'), password);
  return folder;
}

let members: Members | undefined;
async function started(): Promise<Members> {
  members = await Members.start();
  return members;
}
afterEach(() => members?.remove(), limitMs);

describe('a Redis pod', () => {
  test('is ready when it is met and serves slots, or is a replica in sync', async () => {
    const pods = await started();
    expect(await pods.isReady()).toBe(false);
    await pods.meet();
    expect(await pods.isReady()).toBe(false);
    await pods.giveSlots();
    expect(await pods.isReady()).toBe(true);
    await pods.replicate();
    await pods.handOver();
    await eventually(async () => expect(await pods.isReady()).toBe(true), limitMs);
    expect(await pods.role(0)).toBe('slave');
  });

  test('that is a primary has handed over when its stop begins, and as a replica has nothing to hand over', async () => {
    const pods = await started();
    await pods.meet();
    await pods.giveSlots();
    await pods.replicate();
    expect(await pods.handOver()).toContain(`the replica at ${addresses[1]} is primary now`);
    expect(await Promise.all([pods.role(0), pods.role(1)])).toEqual(['slave', 'master']);
    expect(await pods.handOver()).toContain('nothing to hand over');
  });

  test('that has no replica in sync is not held up', async () => {
    const pods = await started();
    await pods.meet();
    await pods.giveSlots();
    expect(await pods.handOver()).toContain('no replica in sync');
    expect(await pods.role(0)).toBe('master');
  });
});
