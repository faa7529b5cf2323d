import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuthCluster } from '../src/api/authcluster.ts';
import { ApiError, TransportError } from '../src/kubernetes/errors.ts';
import { MANAGED_KINDS } from '../src/kubernetes/rbac.ts';
import { resourceOf, resourcePath } from '../src/kubernetes/resources.ts';
import { NO_TRAFFIC } from '../src/rollout/traffic.ts';
import { AGREEABLE_TIERS } from './harness/agreeable-tiers.ts';
import { concurrently } from './harness/concurrently.ts';
import { accessTo } from './harness/control-plane.ts';
import type { Fault } from './harness/disturbed-transport.ts';
import { Life } from './harness/life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { SkippableClock } from './harness/skippable-clock.ts';
import { STORIES, type Story, THEIR_GRACE_SECONDS } from './harness/stories.ts';
import { Workloads } from './harness/workloads.ts';

/**
 * Every call of a life fails once in every way, some of them in one run: what fails is far enough from what failed before
 * to be made up for by itself. `FAULTS=single` gives each failure a run of its own.
 */
const IS_SINGLE = process.env.FAULTS === 'single';
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

/** An AuthCluster through all chapters. */
async function live(
  { chapters }: Story,
  { failing, fault, operators = 1, cutEveryMs, clock }: Circumstances,
): Promise<Lived> {
  const { calls, struck, objects }: Lived = { calls: [], struck: new Set(), objects: [] };
  const traffic = async () => chapters[objects.length]?.traffic ?? NO_TRAFFIC;
  const life = new Life(plane, workloads, clock, { api: { ...AGREEABLE_TIERS.api, traffic } });
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
  for (const { spec, halfway, afterwards } of chapters) {
    if (objects.length === 0) await life.begin(spec);
    else await life.change(spec);
    while (life.operators.length < operators) await life.addOperator();
    if (halfway !== undefined) {
      await life.untilQuiet();
      await halfway(life);
    }
    await life.toRest();
    if (afterwards !== undefined) {
      await afterwards(life);
      await life.toRest();
    }
    objects.push(await life.snapshot());
  }
  clearInterval(cutting);
  await life.end();
  return { calls, struck, objects };
}

/** The same for every run: the operator looks when all else is done, and not when a clock has it. */
const steadily = (story: Story, circumstances: Circumstances) =>
  live(story, { ...circumstances, clock: new SkippableClock({ runs: false }) });

/** What differs, where anything does. */
function difference(undisturbed: Lived, { objects }: Lived): string | undefined {
  try {
    expect(objects).toEqual(undisturbed.objects);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Which calls are to fail in each run: all of them once, over all runs. */
function groups(calls: readonly string[], runsPerFault: number): ReadonlySet<string>[] {
  const count = Math.min(IS_SINGLE ? Infinity : runsPerFault, calls.length);
  return Array.from({ length: count }, (_, group) => new Set(calls.filter((_call, index) => index % count === group)));
}

beforeAll(() => workloads.start());
afterAll(() => workloads.stop());

describe.each(Object.entries(STORIES))('%s', (_story, story) => {
  let undisturbed: Lived;
  beforeAll(async () => {
    undisturbed = await steadily(story, {});
  });

  test('goes through everything without a failure: the others are measured by it', () => {
    const { calls, objects } = undisturbed;
    const last = objects.at(-1) ?? {};
    expect(calls.length).toBeGreaterThan(150);
    const statuses = objects.map((each) => (each['AuthCluster/acme'] as AuthCluster).status);
    const ends = statuses.map((status) => [
      status?.api?.activeColor,
      status?.api?.rollout?.phase,
      status?.api?.version,
    ]);
    expect(ends.map((end) => end.join(' '))).toEqual(story.ends);
    expect(statuses.at(-1)?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    const isWithoutGateway = 'gateway' in (story.chapters.at(-1)?.spec ?? {});
    expect(last['Deployment/acme-gateway'] === undefined).toBe(isWithoutGateway);
    expect(JSON.stringify(objects)).not.toContain(`"terminationGracePeriodSeconds":${THEIR_GRACE_SECONDS},`);
  });

  test.each(Object.entries(FAULTS))('makes up for %s, at whichever call', async (_name, fault) => {
    const problems: object[] = [];
    let left = undisturbed.calls.filter((call) => Number(call.split(' ')[0]) >= story.failsFrom);
    for (let round = 0; round < ROUNDS && left.length > 0; round += 1) {
      const struck = new Set<string>();
      await concurrently(LIVES_AT_ONCE, groups(left, story.runsPerFault), async (failing) => {
        const disturbed = await steadily(story, { failing, fault });
        const problem = difference(undisturbed, disturbed);
        if (problem !== undefined) problems.push({ struck: disturbed.struck, problem });
        for (const call of disturbed.struck) struck.add(call);
      });
      left = left.filter((call) => !struck.has(call));
    }
    expect(problems).toEqual([]);
    expect(left).toEqual([]);
  });

  test('ends as with one operator where two work at once, as when a lease is lost unnoticed', async () => {
    expect(difference(undisturbed, await live(story, { operators: 2 }))).toBeUndefined();
  });

  test('loses no change to watches that break all the time', async () => {
    expect(difference(undisturbed, await live(story, { cutEveryMs: 1100 }))).toBeUndefined();
  });
});
