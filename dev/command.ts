import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program that could not be started or answered with another exit code than 0. */
export class CommandError extends Error {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, exitCode: number | undefined, stdout: string, stderr: string) {
    const reason = exitCode === undefined ? 'could not be started' : `ended with exit code ${exitCode}`;
    super(`${command} ${reason}${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`);
    this.command = command;
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

export interface CommandOptions {
  /** Written to the program's standard input; without it, standard input is empty. */
  input?: string;
  /** Added to this process's environment. */
  environment?: Record<string, string>;
  /** The working directory, if it is not this process's own. */
  directory?: string;
  /** Ends the program after this time; it then counts as failed. */
  timeoutSeconds?: number;
  /** Called with every line of output and error output as it comes. */
  onLine?: (line: string) => void;
}

/** Runs a program to its end and resolves with its standard output. Rejects with {@link CommandError}. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { input, environment, directory, timeoutSeconds, onLine } = options;
  const command = [program, ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: 'pipe',
      ...(directory === undefined ? {} : { cwd: directory }),
      ...(timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000 }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    if (onLine !== undefined) {
      createInterface({ input: child.stdout }).on('line', onLine);
      createInterface({ input: child.stderr }).on('line', onLine);
    }
    child.on('error', (error) => reject(new CommandError(command, undefined, stdout, error.message)));
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve(stdout);
      else reject(new CommandError(command, exitCode ?? 1, stdout, stderr));
    });
    // A program that does not read its input closes it early; its exit code tells the story.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs a program that talks to the person itself: its output is this process's. Rejects with {@link CommandError}. */
export function showCommand(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const command = [program, ...args].join(' ');
    child.on('error', (error) => reject(new CommandError(command, undefined, '', error.message)));
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve();
      else reject(new CommandError(command, exitCode ?? 1, '', ''));
    });
  });
}
