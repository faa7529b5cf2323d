import { removeContainers } from '../../../dev/containers/container.ts';
import { startControlPlane } from './control-plane.ts';

/** The API server that most tests share; they find it by sharedControlPlane(). */
export default async function setUp(): Promise<void> {
  try {
    await removeContainers();
    process.env.AUTHCLUSTER_CONTROL_PLANE = JSON.stringify(await startControlPlane('control-plane'));
  } catch (error) {
    await removeContainers();
    throw error;
  }
}
