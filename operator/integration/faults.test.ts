import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiError, TransportError } from '../src/kubernetes/errors.ts';
import { MANAGED_KINDS } from '../src/kubernetes/rbac.ts';
import { resourceOf, resourcePath } from '../src/kubernetes/resources.ts';
import { concurrently } from './harness/concurrently.ts';
import { accessTo } from './harness/control-plane.ts';
import type { Fault } from './harness/disturbed-transport.ts';
import { Life } from './harness/life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { SkippableClock } from './harness/skippable-clock.ts';
import { Workloads } from './harness/workloads.ts';

/**
 * Every call of a life fails once in every way, some of them in one run: what fails is far enough from what failed before
 * to be made up for by itself. `FAULTS=single` gives each failure a run of its own.
 */
const RUNS_PER_FAULT = process.env.FAULTS === 'single' ? Infinity : 12;
const LIVES_AT_ONCE = 8;
/** A call that fails shifts those after it, and how often something is written depends on what is heard together. */
const ROUNDS = 3;

const FAULTS: Readonly<Record<string, Fault>> = {
  'an error before it': { when: 'before', error: (request) => new ApiError(request, 500, '{}') },
  'an error after it': { when: 'after', error: (request) => new ApiError(request, 500, '{}') },
  'a time-out': { when: 'after', error: () => new TransportError('timed out') },
  'a conflict': { when: 'before', error: (request) => new ApiError(request, 409, '{"reason":"Conflict"}') },
  'the end of the operator after it': { when: 'after', error: () => new TransportError('killed'), fatal: true },
};
const NEXT = { image: 'registry.example/auth-api:next' };
/** It comes, gets another image, and loses its gateway (which is a rollout, too: other proxies are trusted). */
const CHAPTERS = [{}, { api: NEXT }, { api: NEXT, gateway: { enabled: false } }];

/** Of kinds that this API server does not know: whether it does by now is asked every half minute, and counts once. */
const EXTENSION_LISTS = new Set(
  MANAGED_KINDS.map(resourceOf)
    .filter(({ extension }) => extension !== undefined)
    .map((resource) => `GET ${resourcePath(resource)}`),
);

const plane = sharedControlPlane();
const workloads = new Workloads(accessTo(plane, 'admin'));

interface Lived {
  /** In turn: the chapter, what was called, and for which time in it. */
  calls: string[];
  /** Calls that were to fail and did. */
  struck: Set<string>;
  /** At the end of each chapter. */
  objects: Record<string, unknown>[];
}

interface Circumstances {
  /** Calls that fail, once each. */
  failing?: ReadonlySet<string>;
  fault?: Fault;
  /** How many operators take themselves for the leader. */
  operators?: number;
  /** Every so often all watches break. */
  cutEveryMs?: number;
  clock?: SkippableClock;
}

/** An AuthCluster through all of CHAPTERS. */
async function live({ failing, fault, operators = 1, cutEveryMs, clock }: Circumstances): Promise<Lived> {
  const life = new Life(plane, workloads, clock);
  const { calls, struck, objects }: Lived = { calls: [], struck: new Set(), objects: [] };
  const counts = new Map<string, number>();
  life.prepare = ({ transport }) => {
    transport.faultFor = (what) => {
      const before = counts.get(`${objects.length} ${what}`) ?? 0;
      counts.set(`${objects.length} ${what}`, before + 1);
      const call = `${objects.length} ${what} #${before + 1}`;
      if (EXTENSION_LISTS.has(what) && call !== `0 ${what} #1`) return undefined;
      calls.push(call);
      if (failing?.has(call) !== true || struck.has(call)) return undefined;
      struck.add(call);
      return fault;
    };
    transport.onFatal = () => void life.restart();
  };
  const cut = () => {
    for (const { transport } of life.operators) transport.cutStreams();
  };
  const cutting = cutEveryMs === undefined ? undefined : setInterval(cut, cutEveryMs);
  for (const spec of CHAPTERS) {
    if (objects.length === 0) await life.begin(spec);
    else await life.change(spec);
    while (life.operators.length < operators) await life.addOperator();
    await life.toRest();
    objects.push(await life.snapshot());
  }
  clearInterval(cutting);
  await life.end();
  return { calls, struck, objects };
}

/** The same for every run: the operator looks when all else is done, and not when a clock has it. */
const steadily = (circumstances: Circumstances) =>
  live({ ...circumstances, clock: new SkippableClock({ runs: false }) });

/** What differs, where anything does. */
function difference({ objects }: Lived): string | undefined {
  try {
    expect(objects).toEqual(undisturbed.objects);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Which calls are to fail in each run: all of them once, over all runs. */
function groups(calls: readonly string[]): ReadonlySet<string>[] {
  const count = Math.min(RUNS_PER_FAULT, calls.length);
  return Array.from({ length: count }, (_, group) => new Set(calls.filter((_call, index) => index % count === group)));
}

let undisturbed: Lived;

beforeAll(async () => {
  await workloads.start();
  undisturbed = await steadily({});
});
afterAll(() => workloads.stop());

describe('an API server that fails', () => {
  test('at no call: the run that the others are measured by goes through everything', async () => {
    const { calls, objects } = undisturbed;
    const last = objects.at(-1) ?? {};
    expect(calls.length).toBeGreaterThan(150);
    const { status } = last['AuthCluster/acme'] as { status: { conditions: object[] } };
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(status).toMatchObject({ api: { activeColor: 'blue', rollout: { phase: 'Stable' } } });
    expect(last['Deployment/acme-gateway']).toBeUndefined();
  });

  test.each(Object.entries(FAULTS))('with %s, at whichever call, is made up for', async (_name, fault) => {
    const problems: object[] = [];
    let left = undisturbed.calls;
    for (let round = 0; round < ROUNDS && left.length > 0; round += 1) {
      const struck = new Set<string>();
      await concurrently(LIVES_AT_ONCE, groups(left), async (failing) => {
        const disturbed = await steadily({ failing, fault });
        const problem = difference(disturbed);
        if (problem !== undefined) problems.push({ struck: disturbed.struck, problem });
        for (const call of disturbed.struck) struck.add(call);
      });
      left = left.filter((call) => !struck.has(call));
    }
    expect(problems).toEqual([]);
    expect(left).toEqual([]);
  });
});

test('two operators at once, as when a lease is lost unnoticed, leave what one alone would', async () => {
  expect(difference(await live({ operators: 2 }))).toBeUndefined();
});

test('watches that break all the time lose no change', async () => {
  expect(difference(await live({ cutEveryMs: 1100 }))).toBeUndefined();
});
