import { removeContainers } from '../../../dev/containers/container.ts';
import { removeFiles } from './control-plane.ts';
import { sharedControlPlane } from './shared-control-plane.ts';

export default async function tearDown(): Promise<void> {
  await removeContainers();
  await removeFiles(sharedControlPlane());
}
