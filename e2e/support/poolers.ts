import { expect } from '@jest/globals';
import { INSTANCE, kubectl, NAME, NAMESPACE } from './cluster.ts';
import { eventually } from './eventually.ts';

/** Replaces every pod of both poolers; resolves when the last client has left the old ones. */
export async function restartPoolers(): Promise<void> {
  for (const name of [`${NAME}-pooler-rw`, `${NAME}-pooler-ro`]) {
    await kubectl.run(['rollout', 'restart', '-n', NAMESPACE, 'deployment', name]);
    await kubectl.run(['rollout', 'status', '-n', NAMESPACE, 'deployment', name, '--timeout', '180s']);
  }
  const selector = `${INSTANCE},app.kubernetes.io/component in (pooler-rw,pooler-ro)`;
  await eventually(async () => {
    const poolers = await kubectl.list(NAMESPACE, 'pods', selector);
    expect(poolers.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([]);
  }, 120);
}
