import { kubectl } from './cluster.ts';
import { deleteNamespace } from './fresh-namespace.ts';
import { endRun } from './single-run.ts';

export default async function afterAll(): Promise<void> {
  await deleteNamespace();
  await endRun(kubectl.context);
}
