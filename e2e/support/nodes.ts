import { runCommand } from '../../dev/command.ts';
import { kubectl } from './cluster.ts';

const RECOVERY = '180s';

/** `during` may stop a node of the local cluster as a power cut would; afterwards it is started, and waited for. */
export async function whileStopped(node: string, during: (stop: () => Promise<void>) => Promise<void>): Promise<void> {
  try {
    await during(async () => {
      await runCommand('docker', ['kill', node]);
    });
  } finally {
    await runCommand('docker', ['start', node]);
    await kubectl.run(['wait', 'node', node, '--for=condition=Ready', '--timeout', RECOVERY]);
  }
}

/** Has a node take no new pods for as long as `during` runs. */
export async function whileCordoned(node: string, during: () => Promise<void>): Promise<void> {
  await kubectl.run(['cordon', node]);
  try {
    await during();
  } finally {
    await kubectl.run(['uncordon', node]);
  }
}
