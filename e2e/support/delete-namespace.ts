import { kubectl, NAMESPACE } from './cluster.ts';

/** Before and after a run: what it left, volumes and credentials included, must not help or hinder the next one. */
export default async function deleteNamespace(): Promise<void> {
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '180s']);
}
