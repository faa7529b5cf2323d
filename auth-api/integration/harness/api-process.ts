import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const fileOf = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const entry = ['--import', fileOf('instrument.ts'), fileOf('main.ts')];

export interface FinishedProcess {
  readonly exitCode: number | null;
  readonly log: readonly string[];
}

/** Runs a command of the auth API to its end. */
export async function runCommand(command: string, environment: Record<string, string>): Promise<FinishedProcess> {
  const { child, log } = start(command, environment);
  await once(child, 'close');
  return { exitCode: child.exitCode, log };
}

/** A running auth API in a process of its own, as a pod would run it. */
export class ApiProcess {
  readonly url: string;
  readonly opsUrl: string;
  readonly log: readonly string[];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess, log: readonly string[], ports: { http_port: number; ops_port: number }) {
    this.#child = child;
    this.#closed = once(child, 'close');
    this.log = log;
    this.url = `http://127.0.0.1:${ports.http_port}`;
    this.opsUrl = `http://127.0.0.1:${ports.ops_port}`;
  }

  /** Resolves when it listens. */
  static async start(environment: Record<string, string>): Promise<ApiProcess> {
    const { child, log, listening } = start('serve', environment);
    const ended = once(child, 'close').then(() => {
      throw new Error(`the auth API ended before it listened:\n${log.join('\n')}`);
    });
    const ports = await Promise.race([listening, ended]);
    ended.catch(() => {});
    return new ApiProcess(child, log, ports);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves to the exit code once it has ended. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async stop(): Promise<void> {
    this.signal('SIGKILL');
    await this.#closed;
  }
}

function start(command: string, environment: Record<string, string>) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [...entry, command], { env: { PATH, ...environment } });
  const log: string[] = [];
  const listening = new Promise<{ http_port: number; ops_port: number }>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      log.push(line);
      if (line.includes('"message":"listening"')) resolve(JSON.parse(line));
    });
  });
  createInterface(child.stderr).on('line', (line) => log.push(line));
  return { child, log, listening };
}
