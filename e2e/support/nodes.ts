import { runCommand } from '../../dev/command.ts';
import { INSTANCE, kubectl, local } from './cluster.ts';

const RECOVERY = '180s';

/** The containers that are the workers of the local cluster. */
export async function localWorkers(): Promise<string[]> {
  const workers = [
    '--filter',
    'label=io.x-k8s.kind.cluster=authcluster',
    '--filter',
    'label=io.x-k8s.kind.role=worker',
  ];
  return (await runCommand('docker', ['ps', ...workers, '--format', '{{.Names}}'])).trim().split('\n');
}

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

/**
 * Has a node take no new pods for as long as `during` runs. By a taint: a node that is cordoned is about to be drained, and
 * the operator moves the primary off it.
 */
export async function whileTakingNoPods(node: string, during: () => Promise<void>): Promise<void> {
  const taint = 'authcluster.dev/takes-no-pods';
  await kubectl.run(['taint', 'node', node, `${taint}=:NoSchedule`, '--overwrite']);
  try {
    await during();
  } finally {
    await kubectl.run(['taint', 'node', node, `${taint}-`]);
  }
}

/**
 * Takes all pods off a node of the local cluster, as a person would, and those of the AuthCluster off one of another;
 * afterwards it takes pods again.
 */
export async function drain(node: string): Promise<void> {
  const which = local ? ['--ignore-daemonsets'] : ['--pod-selector', INSTANCE];
  try {
    await kubectl.run(['drain', node, ...which, '--delete-emptydir-data', '--timeout', '240s']);
  } finally {
    await kubectl.run(['uncordon', node]);
  }
}
