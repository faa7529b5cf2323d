import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface MeasuredServer {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server of bench/servers, which prints its port. */
export async function startServer(file: string, environment: Record<string, string> = {}): Promise<MeasuredServer> {
  const path = fileURLToPath(new URL(`./servers/${file}`, import.meta.url));
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [path], {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** The CPU that the threads of a process have used, in seconds; Linux counts it by the nanosecond. */
export function cpuSeconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((thread) => {
    const [running] = readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ');
    return Number(running);
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}
