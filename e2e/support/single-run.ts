import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Two runs against one cluster would delete each other's namespace: the later one waits for the earlier one to end. */
function lockFile(context: string): string {
  return join(tmpdir(), `authcluster-e2e-${context.replaceAll(/\W/g, '-')}.lock`);
}

/** Resolves once this process is the only run on this machine against that context. */
export async function beginRun(context: string): Promise<void> {
  while (true) {
    const taken = await writeFile(lockFile(context), String(process.pid), { flag: 'wx' }).then(
      () => true,
      () => false,
    );
    if (taken) return;
    const holder = Number(await readFile(lockFile(context), 'utf8').catch(() => ''));
    // Empty for the moment between being made and being written.
    if (holder > 0 && !isAlive(holder)) await endRun(context);
    else {
      process.stdout.write(`waiting for the run of process ${holder} against ${context} to end\n`);
      await sleep(5000);
    }
  }
}

export async function endRun(context: string): Promise<void> {
  await rm(lockFile(context), { force: true });
}

/** Signal 0 is delivered to nobody: it only asks. */
function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
