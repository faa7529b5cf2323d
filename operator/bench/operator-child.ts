import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import type { ControlPlane } from '../integration/harness/control-plane.ts';

/** Built as the image's is: Node.js would need memory of its own to take types away. */
const PROGRAM = fileURLToPath(
  new URL('../../.make/bench/operator/operator/bench/operator-process.js', import.meta.url),
);
const DOCKERFILE = new URL('../Dockerfile', import.meta.url);
const MIB = 1024 * 1024;

/** What its own metrics say. */
export interface Reading {
  /** User and system, since it began. */
  cpuSeconds: number;
  reconciles: number;
  writes: number;
}

/** An operator in a process of its own, so that what it uses is its own. */
export class OperatorChild {
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(plane: ControlPlane): Promise<OperatorChild> {
    const [port = 0] = await freePorts(1);
    const program = [...(await imageOptions()), PROGRAM, JSON.stringify(plane), String(port)];
    const child = spawn(process.execPath, program, { stdio: 'inherit' });
    const operator = new OperatorChild(child, port);
    await eventually(() => operator.read());
    return operator;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async read(): Promise<Reading> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    const total = (name: string) => {
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'gm'))].map(([, value]) => value);
      return values.reduce((sum, value) => sum + Number(value), 0);
    };
    return {
      cpuSeconds: total('process_cpu_seconds_total'),
      reconciles: total('controller_runtime_reconcile_total'),
      writes: total('authcluster_operator_writes_total'),
    };
  }

  /** The most memory that it has had at any time, as the kernel counts it. Linux alone tells. */
  async peakMemoryMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
    return (kilobytes * 1024) / MIB;
  }
}

/** Of Node.js, as the image has them. */
async function imageOptions(): Promise<string[]> {
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(await readFile(DOCKERFILE, 'utf8'))?.[1] ?? '[]';
  return (JSON.parse(entryPoint) as string[]).filter((word) => word.startsWith('--'));
}
