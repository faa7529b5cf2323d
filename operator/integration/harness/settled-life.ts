import { afterAll, beforeAll } from '@jest/globals';
import { accessTo, type ControlPlane } from './control-plane.ts';
import { Life } from './life.ts';
import { Workloads } from './workloads.ts';

/** For a test file as a whole: an AuthCluster of the defaults that has come to rest under one operator. */
export function settledLife(plane: ControlPlane): Life {
  const workloads = new Workloads(accessTo(plane, 'admin'));
  const life = new Life(plane, workloads);
  beforeAll(async () => {
    await workloads.start();
    await life.begin({});
    await life.addOperator();
    await life.toRest();
  });
  afterAll(async () => {
    await life.end();
    workloads.stop();
  });
  return life;
}
