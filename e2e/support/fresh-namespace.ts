import { kubectl, NAMESPACE } from './cluster.ts';

/** What an earlier run left, volumes and credentials included, must not help or hinder this one. */
export async function deleteNamespace(): Promise<void> {
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '180s']);
}
