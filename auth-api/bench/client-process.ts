import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A client of the bench in a process of its own: the process that starts the servers also reads their logs, and would
 * be woken by each line of the server that it is putting load on. One job at a time.
 */
export class ClientProcess<Job extends object, Result> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param file of bench/clients */
  constructor(file: string) {
    const { PATH = '' } = process.env;
    this.#child = fork(fileURLToPath(new URL(`./clients/${file}`, import.meta.url)), { env: { PATH } });
    this.#ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`a client of the bench ended with exit code ${code}`);
    });
    // Whoever runs a job hears of it.
    this.#ended.catch(() => {});
  }

  /** Rejects where the client has failed and ended. */
  async run(job: Job): Promise<Result> {
    const answered = new Promise<Result>((resolve) =>
      this.#child.once('message', (result) => resolve(result as Result)),
    );
    this.#child.send(job);
    return Promise.race([answered, this.#ended]);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Runs in the client: answers each job. What a job throws ends the process. */
export function answerJobs<Job, Result>(run: (job: Job) => Promise<Result>): void {
  process.on('message', async (job: Job) => {
    process.send?.(await run(job));
  });
}
