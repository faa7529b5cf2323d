import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../dev/command.ts';
import { eventually } from './eventually.ts';
import { localWorkers } from './nodes.ts';

const PORT = 5005;

export interface Registry {
  /** As this machine and every node call it. A loopback address is spoken to without TLS by Docker and by containerd. */
  address: string;
  stop(): Promise<void>;
}

/** A registry on this machine, from Debian's package, which the nodes of the local cluster reach under the same address. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-registry-'));
  await runCommand('sh', ['-ec', 'apt-get download -qq docker-registry && dpkg-deb -x docker-registry_*.deb .'], {
    directory: folder,
  });
  const configuration = {
    version: 0.1,
    http: { addr: `:${PORT}` },
    storage: { filesystem: { rootdirectory: folder } },
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(configuration));
  const server = spawn(join(folder, 'usr/bin/docker-registry'), ['serve', 'config.yml'], {
    cwd: folder,
    stdio: 'ignore',
  });
  const address = `127.0.0.1:${PORT}`;
  await eventually(() => fetch(`http://${address}/v2/`), 30);
  const nodes = await localWorkers();
  await Promise.all(nodes.map(forward));
  return {
    address,
    stop: async () => {
      server.kill();
      await once(server, 'exit');
      await rm(folder, { recursive: true });
      await Promise.all(nodes.map((node) => runCommand('docker', ['exec', node, 'pkill', '-f', `LISTEN:${PORT}`])));
    },
  };
}

async function forward(node: string): Promise<void> {
  const gateway = ['network', 'inspect', 'kind', '-f', '{{(index .IPAM.Config 0).Gateway}}'];
  const host = (await runCommand('docker', gateway)).trim();
  const listen = `TCP-LISTEN:${PORT},bind=127.0.0.1,reuseaddr,fork`;
  await runCommand('docker', ['exec', '-d', node, 'socat', listen, `TCP:${host}:${PORT}`]);
}
