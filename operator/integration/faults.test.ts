import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiError, TransportError } from '../src/kubernetes/errors.ts';
import { concurrently } from './harness/concurrently.ts';
import { accessTo } from './harness/control-plane.ts';
import type { Fault } from './harness/disturbed-transport.ts';
import { Life } from './harness/life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { Workloads } from './harness/workloads.ts';

/**
 * Every call of a life fails once, every so many of them in one run: what fails is far enough from what failed before to
 * be made up for by itself. `FAULTS=single` gives each failure a run of its own.
 */
const SPACING = process.env.FAULTS === 'single' ? Infinity : 4;
const LIVES_AT_ONCE = 4;

const FAULTS: Readonly<Record<string, Fault>> = {
  'an error before it': { when: 'before', error: (request) => new ApiError(request, 500, '{}') },
  'an error after it': { when: 'after', error: (request) => new ApiError(request, 500, '{}') },
  'a time-out': { when: 'after', error: () => new TransportError('timed out') },
  'a conflict': { when: 'before', error: (request) => new ApiError(request, 409, '{"reason":"Conflict"}') },
  'the end of the operator after it': { when: 'after', error: () => new TransportError('killed'), fatal: true },
};
const NEXT = { image: 'registry.example/auth-api:next' };
/** It comes, gets another image, and loses its gateway (which is a rollout, too: other proxies are trusted). */
const SPECS = [{}, { api: NEXT }, { api: NEXT, gateway: { enabled: false } }];

const plane = sharedControlPlane();
const workloads = new Workloads(accessTo(plane, 'admin'));

interface Lived {
  calls: string[];
  struck: Set<string>;
  objects: Record<string, unknown>;
}

interface Circumstances {
  /** Calls that fail, once each. */
  failing?: ReadonlySet<string>;
  fault?: Fault;
  /** How many operators take themselves for the leader. */
  operators?: number;
  /** Every so often all watches break. */
  cutEveryMs?: number;
}

/** An AuthCluster through all of SPECS. */
async function live({ failing, fault, operators = 1, cutEveryMs }: Circumstances = {}): Promise<Lived> {
  const life = new Life(plane, workloads);
  const calls: string[] = [];
  const struck = new Set<string>();
  life.prepare = ({ transport }) => {
    transport.faultFor = (what) => {
      const call = `${what} #${1 + calls.filter((each) => each.startsWith(`${what} #`)).length}`;
      calls.push(call);
      if (failing?.has(call) !== true || struck.has(call)) return undefined;
      struck.add(call);
      return fault;
    };
    transport.onFatal = () => void life.restart();
  };
  const [first = {}, ...changes] = SPECS;
  await life.begin(first);
  for (let count = 0; count < operators; count += 1) await life.addOperator();
  const cut = () => {
    for (const { transport } of life.operators) transport.cutStreams();
  };
  const cutting = cutEveryMs === undefined ? undefined : setInterval(cut, cutEveryMs);
  await life.toRest();
  for (const spec of changes) {
    await life.change(spec);
    await life.toRest();
  }
  clearInterval(cutting);
  const objects = await life.snapshot();
  await life.end();
  return { calls, struck, objects };
}

/** Which calls are to fail in each run: all of them once, over all runs. */
function groups(calls: readonly string[]): ReadonlySet<string>[] {
  const count = Math.min(SPACING, calls.length);
  return Array.from({ length: count }, (_, group) => new Set(calls.filter((_call, index) => index % count === group)));
}

let undisturbed: Lived;

beforeAll(async () => {
  await workloads.start();
  undisturbed = await live();
});
afterAll(() => workloads.stop());

describe('an API server that fails', () => {
  test('at no call: the run that the others are measured by goes through everything', () => {
    const { calls, objects } = undisturbed;
    expect(calls.length).toBeGreaterThan(60);
    const { status } = objects['AuthCluster/acme'] as { status: { conditions: object[] } };
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(status).toMatchObject({ api: { activeColor: 'blue', rollout: { phase: 'Stable' } } });
    expect(objects['Deployment/acme-gateway']).toBeUndefined();
  });

  test.each(Object.keys(FAULTS))('with %s, at whichever call, is made up for', async (name) => {
    const struck = new Set<string>();
    await concurrently(LIVES_AT_ONCE, groups(undisturbed.calls), async (failing) => {
      const fault = FAULTS[name];
      const disturbed = await live(fault === undefined ? {} : { failing, fault });
      expect(disturbed.objects).toEqual(undisturbed.objects);
      for (const call of disturbed.struck) struck.add(call);
    });
    // How often something is written depends on what is heard together; that it is written at all does not.
    const missed = undisturbed.calls.filter((call) => call.endsWith(' #1') && !struck.has(call));
    expect(missed).toEqual([]);
  });
});

test('two operators at once, as when a lease is lost unnoticed, leave what one alone would', async () => {
  expect((await live({ operators: 2 })).objects).toEqual(undisturbed.objects);
});

test('watches that break all the time lose no change', async () => {
  expect((await live({ cutEveryMs: 1100 })).objects).toEqual(undisturbed.objects);
});
