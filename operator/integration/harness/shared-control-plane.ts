import type { ControlPlane } from './control-plane.ts';

/** The API server that globalSetup has started. */
export function sharedControlPlane(): ControlPlane {
  const { AUTHCLUSTER_CONTROL_PLANE: plane } = process.env;
  if (plane === undefined) throw new Error('the API server is not running: use npm run test:integration -w operator');
  return JSON.parse(plane) as ControlPlane;
}
