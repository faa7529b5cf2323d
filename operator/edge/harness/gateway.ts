import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, runCommand } from '../../../dev/command.ts';
import { Container } from '../../../dev/containers/container.ts';
import { freePorts } from '../../../dev/containers/free-ports.ts';
import { eventually } from '../../../dev/eventually.ts';
import type { AuthCluster } from '../../src/api/authcluster.ts';
import { nginxConf } from '../../src/specs/gateway/nginx.ts';
import { TLS_DIRECTORY, terminatesTls } from '../../src/specs/gateway/tls.ts';
import { apiHost } from '../../src/specs/gateway/upstream.ts';
import { PORTS } from '../../src/specs/names.ts';
import { clusterWith } from '../../src/testing/sample-clusters.ts';

const VALUES = new URL('../../../.make/images.yaml', import.meta.url);

/** What a gateway pod would have in its volumes, in a folder of this machine. */
export class GatewayFiles {
  readonly folder: string;
  readonly cluster: AuthCluster;

  private constructor(folder: string, cluster: AuthCluster) {
    this.folder = folder;
    this.cluster = cluster;
  }

  static async write(spec: object, configuration?: string, api: object = {}): Promise<GatewayFiles> {
    // What the container's user reads.
    const folder = await mkdtemp(join(tmpdir(), 'authcluster-edge-'));
    await chmod(folder, 0o755);
    const files = new GatewayFiles(folder, clusterWith({ gateway: spec, api }));
    await writeFile(join(folder, 'nginx.conf'), configuration ?? nginxConf(files.cluster));
    await files.resolveApi('127.0.0.1');
    return files;
  }

  /** What the name of the auth API's Service leads to. */
  resolveApi(address: string): Promise<void> {
    return writeFile(join(this.folder, 'hosts'), `127.0.0.1 localhost\n${address} ${apiHost(this.cluster)}\n`);
  }

  /** A self-signed certificate, in place of the one before. `keyOf` another name gives it a key that is not its own. */
  async issue(commonName: string, keyOf = commonName): Promise<void> {
    const tls = join(this.folder, 'tls');
    await runCommand('mkdir', ['-p', tls]);
    for (const name of new Set([keyOf, commonName])) {
      const files = ['-keyout', join(this.folder, `${name}.key`), '-out', join(tls, 'tls.crt')];
      const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      await runCommand('openssl', ['req', '-x509', ...algorithm, '-subj', `/CN=${name}`, ...files]);
    }
    await writeFile(join(tls, 'tls.key'), await readFile(join(this.folder, `${keyOf}.key`)), { mode: 0o644 });
  }

  /** By path in the container. */
  get mounts(): Record<string, string> {
    return {
      [join(this.folder, 'nginx.conf')]: '/etc/nginx/nginx.conf',
      [join(this.folder, 'hosts')]: '/etc/hosts',
      ...(terminatesTls(this.cluster) ? { [join(this.folder, 'tls')]: TLS_DIRECTORY } : {}),
    };
  }

  get environment(): Record<string, string> {
    return {
      API_HOST: apiHost(this.cluster),
      WATCH_SECONDS: '1',
      ...(terminatesTls(this.cluster) ? { TLS_SECRET: this.cluster.spec.gateway.tls?.secretName ?? '' } : {}),
    };
  }
}

/** What the init container says of a configuration; empty where it has nothing to say against it. */
export async function check(files: GatewayFiles): Promise<string> {
  await runCommand('mkdir', ['-p', join(files.folder, 'tls')]);
  const volumes = Object.entries(files.mounts).flatMap(([from, to]) => ['--volume', `${from}:${to}:ro`]);
  const variables = Object.entries(files.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  try {
    return await runCommand('docker', ['run', '--rm', ...volumes, ...variables, await image(), 'check']);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 1) return error.stdout;
    throw error;
  }
}

/** A gateway on ports of its own of 127.0.0.1, with what it was given beside. */
export class Gateway {
  readonly files: GatewayFiles;
  readonly ports: Readonly<Record<'plain' | 'tls' | 'ops' | 'api', number>>;
  readonly #container: Container;

  private constructor(files: GatewayFiles, ports: Gateway['ports'], container: Container) {
    this.files = files;
    this.ports = ports;
    this.#container = container;
  }

  /** Waits until it answers probes. */
  static async start(name: string, files: GatewayFiles): Promise<Gateway> {
    const [plain = 0, tls = 0, ops = 0, api = 0] = await freePorts(4);
    const ports = { plain, tls, ops, api };
    const configuration = join(files.folder, 'nginx.conf');
    await writeFile(configuration, onPorts(await readFile(configuration, 'utf8'), ports));
    const container = await Container.start({
      name: `edge-${name}`,
      image: await image(),
      entrypoint: 'gateway',
      command: ['serve'],
      mounts: files.mounts,
      environment: files.environment,
    });
    const gateway = new Gateway(files, ports, container);
    await eventually(() => gateway.operations('/healthz')).catch(async (error: unknown) => {
      throw new Error(`the gateway does not start: ${await container.logs()}`, { cause: error });
    });
    return gateway;
  }

  /** A request as a client sends it, or as a proxy on this machine passes it on for a client of another address. */
  fetch(path: string, init: RequestInit & { from?: string } = {}): Promise<Response> {
    const { from, headers, ...rest } = init;
    const forwarded = from === undefined ? {} : { 'x-forwarded-for': from };
    const url = `http://127.0.0.1:${this.ports.plain}${path}`;
    return fetch(url, { redirect: 'manual', ...rest, headers: { ...forwarded, ...(headers as object) } });
  }

  /** A command in its container. */
  run(program: string, ...parameters: string[]): Promise<string> {
    return this.#container.run(program, ...parameters);
  }

  async operations(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.ports.ops}${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.text();
  }

  /** The CPU that all processes of nginx have used, in seconds; Linux counts it by the nanosecond. */
  async cpuSeconds(): Promise<number> {
    const threadsOfNginx =
      'for process in /proc/[0-9]*; do [ "$(cat $process/comm)" != nginx ] || cat $process/task/*/schedstat; done';
    const lines = (await this.#container.run('sh', '-c', threadsOfNginx)).split('\n');
    return lines.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0) / 1e9;
  }

  /** The lines of its log that are about requests. */
  async accessLog(): Promise<Record<string, unknown>[]> {
    const lines = (await this.#container.logs()).split('\n').filter((line) => line.startsWith('{"time"'));
    return lines.map((line) => JSON.parse(line));
  }
}

async function image(): Promise<string> {
  const values = await readFile(VALUES, 'utf8').catch(() => '');
  const found = /^ {2}gateway: (\S+)$/m.exec(values)?.[1];
  if (found === undefined) throw new Error('the images are not there: run `make images` first');
  return found;
}

/** The ports that a pod has to itself are not free on a whole machine. */
function onPorts(configuration: string, ports: Gateway['ports']): string {
  return configuration
    .replaceAll(`svc:${PORTS.authApi}`, `svc:${ports.api}`)
    .replaceAll(new RegExp(`(listen (?:\\[::\\]:)?)${PORTS.gateway} `, 'g'), `$1${ports.plain} `)
    .replaceAll(new RegExp(`(listen (?:\\[::\\]:)?)${PORTS.gatewayTls} `, 'g'), `$1${ports.tls} `)
    .replaceAll(new RegExp(`(listen (?:\\[::\\]:)?)${PORTS.gatewayOps};`, 'g'), `$1${ports.ops};`);
}
