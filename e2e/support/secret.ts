import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { kubectl, NAMESPACE } from './cluster.ts';

/** What a Secret of these tests holds, decoded; nothing where there is none. */
export async function secret(name: string): Promise<Record<string, string>> {
  const found = await kubectl.find<KubernetesObject & { data: Record<string, string> }>(NAMESPACE, 'secrets', name);
  const entries = Object.entries(found?.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}
