import { kubectl, NAMESPACE } from './cluster.ts';

/** With the AuthCluster of these tests, its volumes and its credentials. */
export async function deleteNamespace(): Promise<void> {
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '180s']);
}
