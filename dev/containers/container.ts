import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ownerLabel = 'dev.authcluster.integration.owner';

export interface ContainerSettings {
  readonly name: string;
  readonly image: string;
  readonly entrypoint: string;
  readonly command: readonly string[];
  /** Host folder to folder in the container, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A container on the host's network: every server gets a port of its own there, so that what a cluster announces is
 * what its clients reach.
 */
export class Container {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  static async start({ name, image, entrypoint, command, mounts = {}, environment = {} }: ContainerSettings) {
    const id = await docker(
      'run',
      '--detach',
      '--network=host',
      `--label=${ownerLabel}=${process.pid}`,
      `--name=authcluster-integration-${process.pid}-${name}`,
      `--entrypoint=${entrypoint}`,
      ...Object.entries(mounts).map(([from, to]) => `--volume=${from}:${to}:ro`),
      ...Object.entries(environment).map(([variable, value]) => `--env=${variable}=${value}`),
      image,
      ...command,
    );
    return new Container(id);
  }

  /** Ends it at once, as a crash does. */
  kill(): Promise<string> {
    return docker('kill', this.id);
  }

  /** Starts it again, with the data it had. */
  restart(): Promise<string> {
    return docker('start', this.id);
  }

  /** SIGSTOP to every process in it: silent, but its connections stay open. */
  async pause(): Promise<string> {
    // A busy machine can be too slow to freeze all of it at once: "unable to freeze".
    const again = (error: unknown) => {
      if (error instanceof Error && error.message.includes('unable to freeze')) return docker('pause', this.id);
      throw error;
    };
    return docker('pause', this.id).catch(again).catch(again);
  }

  resume(): Promise<string> {
    return docker('unpause', this.id);
  }

  remove(): Promise<string> {
    return docker('rm', '--force', '--volumes', this.id);
  }

  /** Runs a program inside and resolves with its standard output. */
  run(program: string, ...parameters: string[]): Promise<string> {
    return docker('exec', this.id, program, ...parameters);
  }

  async logs(): Promise<string> {
    const { stdout, stderr } = await run('docker', ['logs', '--tail=40', this.id]);
    return `${stdout}${stderr}`;
  }
}

/** Removes this run's containers, and those of runs that died before they could. */
export async function removeContainers(): Promise<void> {
  const list = await docker(
    'ps',
    '--all',
    `--filter=label=${ownerLabel}`,
    `--format={{.ID}} {{.Label "${ownerLabel}"}}`,
  );
  const ids = list.split('\n').flatMap((line) => {
    const [id = '', owner = ''] = line.split(' ');
    return id !== '' && (Number(owner) === process.pid || !isRunning(Number(owner))) ? [id] : [];
  });
  if (ids.length > 0) await docker('rm', '--force', '--volumes', ...ids);
}

export async function hasImage(image: string): Promise<boolean> {
  return docker('image', 'inspect', '--format={{.Id}}', image).then(
    () => true,
    () => false,
  );
}

async function docker(...parameters: string[]): Promise<string> {
  const { stdout } = await run('docker', parameters);
  return stdout.trim();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
