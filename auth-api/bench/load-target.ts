// A whole service on this machine, without Kubernetes, to be loaded: servers in containers, one auth API as a pod has it.
// Ends with its standard input. CPUS=0 keeps the auth API to these cores (taskset), WORKERS=1 is its hashing threads.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { removeContainers } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess, runCommand } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { administrator, migrateEnvironment, serveEnvironment, startStack } from '../integration/harness/stack.ts';

const { CPUS: cpus = '', WORKERS: workers = '2' } = process.env;

const stack = await startStack();
try {
  const { exitCode, log } = await runCommand('migrate', migrateEnvironment(stack));
  if (exitCode !== 0) throw new Error(`the migrations failed:\n${log.join('\n')}`);
  const asDeployed = { HASH_COST: '11', HASH_WORKERS: workers, HASH_QUEUE_LENGTH: '', LOGIN_RATE_PER_ACCOUNT: '10/60' };
  const api = await ApiProcess.start({ ...serveEnvironment(stack), ...asDeployed });
  if (cpus !== '') await promisify(execFile)('taskset', ['-acp', cpus, String(api.pid)]);
  const { username, password } = administrator;
  // Appointed a moment after the start.
  await eventually(async () => {
    const { status } = await new Client(api.url).login({ username, password });
    if (status !== 200) throw new Error(`the administrator's login answered ${status}`);
  });
  const line = { url: api.url, metrics: `${api.opsUrl}/metrics`, administrator: { username, password } };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await once(process.stdin.resume(), 'end');
  await api.stop();
} finally {
  await removeContainers();
  await rm(stack.directory, { recursive: true, force: true });
}
