import { kubectl } from './cluster.ts';
import { deleteNamespace } from './fresh-namespace.ts';
import { beginRun } from './single-run.ts';

export default async function beforeAll(): Promise<void> {
  await beginRun(kubectl.context);
  await deleteNamespace();
}
