import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Container } from '../../dev/containers/container.ts';
import { LeaderElection } from '../src/kubernetes/lease.ts';
import { accessTo, type ControlPlane, removeFiles, startControlPlane, untilReady } from './harness/control-plane.ts';
import { Life } from './harness/life.ts';
import { Workloads } from './harness/workloads.ts';

const NEXT = { api: { image: 'registry.example/auth-api:next' } };

/** One of its own: others go on with theirs meanwhile. */
let plane: ControlPlane;
let container: Container;
let workloads: Workloads;

beforeAll(async () => {
  plane = await startControlPlane('outage');
  container = new Container(plane.containerId);
  workloads = new Workloads(accessTo(plane, 'admin'));
  await workloads.start();
});

afterAll(async () => {
  workloads?.stop();
  await container?.remove();
  await removeFiles(plane);
});

/** An AuthCluster that gets another image, and what happens from then on. */
async function rolledOut(during: () => Promise<void>): Promise<Record<string, unknown>> {
  const life = new Life(plane, workloads);
  await life.begin({});
  await life.addOperator();
  await life.toRest();
  await life.change(NEXT);
  await during();
  await life.toRest();
  const objects = await life.snapshot();
  await life.end();
  return objects;
}

describe('an API server that is away in the middle of a rollout', () => {
  test.each([
    {
      how: 'and keeps its connections, for a minute',
      go: () => container.pause(),
      comeBack: () => container.resume(),
      seconds: 60,
    },
    { how: 'since it was killed', go: () => container.kill(), comeBack: () => container.restart(), seconds: 10 },
  ])('$how, is made up for', async ({ go, comeBack, seconds }) => {
    const undisturbed = await rolledOut(async () => undefined);
    const disturbed = await rolledOut(async () => {
      // The first calls of the rollout may have been made, and their answers may be on their way.
      await sleep(50);
      await go();
      await sleep(seconds * 1000);
      await comeBack();
      await untilReady(plane);
    });
    expect(disturbed).toEqual(undisturbed);
  });
});

describe('of two candidates', () => {
  const candidate = (identity: string) =>
    new LeaderElection(accessTo(plane, 'admin'), {
      namespace: 'default',
      name: 'lease',
      identity,
      leaseDurationSeconds: 4,
      renewDeadlineSeconds: 2,
      retryPeriodSeconds: 0.5,
      now: Date.now,
      random: Math.random,
    });

  test('one leads, and the other not before the first has given up', async () => {
    const stop = new AbortController();
    const [first, second] = [candidate('first'), candidate('second')];
    await first.acquire(stop.signal);
    const taken = second.acquire(stop.signal).then(() => Date.now());
    const lost = first.keep(stop.signal).then((outcome) => ({ outcome, atMs: Date.now() }));
    await sleep(1000);
    // The leader hears nothing any more; the other must wait for the lease to run out.
    await container.pause();
    const { outcome, atMs } = await lost;
    await container.resume();
    expect(outcome).toBe('lost');
    expect(await taken).toBeGreaterThan(atMs);
    stop.abort();
  });
});
