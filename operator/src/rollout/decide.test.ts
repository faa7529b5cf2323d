import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clusterWith } from '../testing/sample-clusters.ts';
import { decideRollout } from './decide.ts';
import {
  type Color,
  type ColorState,
  opposite,
  type PodHealth,
  type RolloutObserved,
  type RolloutPlan,
} from './terms.ts';
import { type Baseline, NO_TRAFFIC, type Traffic } from './traffic.ts';

const SPEC = clusterWith({ api: { rollout: { bakeSeconds: 60 } } }).spec.api.rollout;
const NO_ORDERS = { promote: undefined, abort: undefined };
const NOW = Date.parse('2026-01-02T03:04:05Z');

const runs = (revision: string, over: Partial<ColorState> = {}): ColorState => ({
  revision,
  size: 4,
  ready: 4,
  rolledOut: true,
  ...over,
});
const NONE = { size: 0, ready: 0 };
const idle: Traffic = { ...NO_TRAFFIC, requests: 1000 };
const failing: Traffic = { ...idle, errors: 500 };
const BASELINE: Baseline = { candidate: NO_TRAFFIC, former: idle };
const WELL: PodHealth = { crashing: 0, unready: 0, longUnready: 0 };

/** Blue serves revision `a`; `b` is wanted. */
function seen(over: Partial<RolloutObserved> = {}): RolloutObserved {
  return {
    wanted: 'b',
    serving: 'blue',
    remembered: undefined,
    colors: { blue: runs('a') },
    record: {},
    mayStart: true,
    check: undefined,
    baseline: BASELINE,
    traffic: undefined,
    health: WELL,
    ...over,
  };
}
const decide = (over: Partial<RolloutObserved> = {}, orders: Partial<typeof NO_ORDERS> | object = {}, spec = SPEC) =>
  decideRollout(seen(over), spec, { ...NO_ORDERS, ...orders }, NOW);

const bothUp = { blue: runs('a'), green: runs('b') };
const baking = (sinceSeconds: number): Partial<RolloutObserved> => ({
  serving: 'green',
  colors: bothUp,
  record: { switchedAtMs: NOW - sinceSeconds * 1000, baseline: BASELINE },
  traffic: idle,
});

describe('the first installation', () => {
  test('is blue, at once', () => {
    expect(decide({ serving: undefined, colors: {} })).toMatchObject({ active: 'blue', apply: ['blue'], keep: [] });
  });

  test('a Deployment that vanished is made again where it was', () => {
    expect(decide({ serving: 'green', colors: {} })).toMatchObject({ active: 'green', apply: ['green'] });
  });

  test('a Deployment that vanished beside another leaves the traffic to that one', () => {
    const green = runs('b', { ready: 0 });
    expect(decide({ colors: { green } })).toMatchObject({ phase: 'Stable', active: 'green', apply: ['green'] });
    const blue = runs('a', { ready: 0 });
    const baked = decide({ ...baking(5), colors: { blue } });
    expect(baked).toMatchObject({ phase: 'Starting', active: 'blue', record: {} });
    expect(baked.keep).toContain('blue');
  });
});

describe('a change of the auth API', () => {
  test('waits for its migrations, and leaves what serves alone', () => {
    expect(decide({ mayStart: false })).toMatchObject({ phase: 'WaitingForMigrations', apply: [], keep: ['blue'] });
  });

  test('starts beside what serves', () => {
    expect(decide()).toMatchObject({ phase: 'Starting', active: 'blue', apply: ['green'], keep: ['blue'] });
  });

  test.each([
    ['some pods are not ready', runs('b', { ready: 3 })],
    ['old pods are among them', runs('b', { rolledOut: false })],
    ['it is smaller than what serves', runs('b', { size: 2, ready: 2 })],
    ['it runs another revision', runs('c')],
  ])('gets no traffic while %s', (_why, green) => {
    const plan = decide({ colors: { blue: runs('a'), green }, check: { kind: 'passed' } });
    expect(plan).toMatchObject({ phase: 'Starting', active: 'blue' });
  });

  test('gets no traffic before it was checked, nor when the check failed', () => {
    expect(decide({ colors: bothUp })).toMatchObject({ phase: 'Checking', active: 'blue' });
    const check = { kind: 'failed', message: 'POST /v1/login answered 503' } as const;
    const plan = decide({ colors: bothUp, check });
    expect(plan).toMatchObject({ phase: 'Checking', active: 'blue' });
    expect(plan.message).toContain('POST /v1/login answered 503');
  });

  test('gets no traffic while the limit of logins lets none of the check through, which it says', () => {
    const plan = decide({ colors: bothUp, check: { kind: 'limited' } });
    expect(plan).toMatchObject({ phase: 'Checking', active: 'blue' });
    expect(plan.message).toContain('api.rateLimits.loginPerNetwork');
  });

  test('gets the traffic once it passed, and what served before stands by', () => {
    expect(decide({ colors: bothUp, check: { kind: 'passed' } })).toMatchObject({
      phase: 'Baking',
      active: 'green',
      apply: ['green'],
      keep: ['blue'],
      former: 'blue',
      record: { switchedAtMs: NOW, baseline: BASELINE },
    });
  });

  test('waits until there is something to compare it with, but not for pods that tell nothing', () => {
    const check = { kind: 'passed' } as const;
    const measuring = decide({ colors: bothUp, check, baseline: 'measuring' });
    expect(measuring).toMatchObject({ phase: 'Checking', active: 'blue' });
    const untold = decide({ colors: bothUp, check, baseline: undefined });
    expect(untold).toMatchObject({ phase: 'Baking', active: 'green', record: { switchedAtMs: NOW } });
    const next = decide({ ...baking(5), record: untold.record, traffic: undefined });
    expect(next.message).toContain('compared with nothing');
  });

  test('is done when the bake time is over, and only then does what served before go', () => {
    expect(decide(baking(59))).toMatchObject({ phase: 'Baking', active: 'green', keep: ['blue'] });
    expect(decide(baking(60))).toMatchObject({ phase: 'Stable', active: 'green', keep: [], record: {} });
  });

  test.each<[string, Partial<RolloutObserved>, string]>([
    [
      'a pod is not ready',
      { colors: { ...bothUp, green: runs('b', { ready: 3 }) }, health: { ...WELL, unready: 1 } },
      '3 of 4 pods of green are ready',
    ],
    ['it is half gone', { colors: { ...bothUp, green: runs('b', { ready: 1 }) } }, '1 of 4 pods of green are ready'],
    ['none of its pods tells', { traffic: undefined }, 'no pod of green tells what it answers'],
  ])('is not done while %s, whatever the bake time', (_why, over, why) => {
    const late = { ...baking(3600), ...over };
    const plan = decide(late);
    expect(plan).toMatchObject({ phase: 'Baking', active: 'green', keep: ['blue'], record: late.record });
    expect(plan.message).toContain(`longer than its bake time, since ${why}`);
    expect(decide(late, { promote: 'b' })).toMatchObject({ phase: 'Stable', keep: [] });
  });

  test.each<[string, Partial<RolloutObserved>]>([
    ['a pod that no node has room for', { colors: { ...bothUp, green: runs('b', { ready: 3 }) } }],
    [
      'pods of a hibernated AuthCluster',
      { colors: { blue: runs('a', NONE), green: runs('b', NONE) }, traffic: undefined },
    ],
    ['metrics that there is nothing to compare with', { record: { switchedAtMs: 0 }, traffic: undefined }],
  ])('does not wait for %s', (_what, over) => {
    expect(decide({ ...baking(60), ...over })).toMatchObject({ phase: 'Stable', active: 'green', keep: [] });
  });

  test('that did worse is taken back even by an operator that comes when the bake time is over', () => {
    expect(decide({ ...baking(3600), traffic: failing })).toMatchObject({ phase: 'RolledBack', active: 'blue' });
  });

  test('taken back by the spec ends where it began', () => {
    const reverted = { wanted: 'a', colors: { blue: runs('a'), green: runs('b', { ready: 0 }) } };
    expect(decide(reverted)).toMatchObject({ phase: 'Stable', active: 'blue', apply: ['blue'], keep: [] });
  });
});

describe('a change that does worse than what served before', () => {
  const worse = { ...baking(5), traffic: failing };

  test('loses the traffic, is not tried again, and tells why', () => {
    const plan = decide(worse);
    expect(plan).toMatchObject({ phase: 'RolledBack', active: 'blue', apply: [], keep: ['blue'] });
    expect(plan.message).toContain('50.0 % of 1000 requests failed');
    const after = decide({ record: plan.record });
    expect(after).toMatchObject({ phase: 'RolledBack', active: 'blue', apply: [], record: plan.record });
  });

  test('is told to send its clients elsewhere', () => {
    expect(decide(worse).former).toBe('green');
  });

  test('is not held to what it answered before it had the traffic, such as its own checks', () => {
    const record = { switchedAtMs: NOW - 5000, baseline: { ...BASELINE, candidate: failing } };
    expect(decide({ ...worse, record })).toMatchObject({ phase: 'Baking', active: 'green' });
  });

  test('loses it, too, when none of its pods is ready any more', () => {
    expect(decide({ ...baking(5), colors: { ...bothUp, green: runs('b', { ready: 0 }) } }).phase).toBe('RolledBack');
  });

  test.each([
    ['one ends again and again', 3, { crashing: 1 }, '1 of 4 pods of green end again and again'],
    ['it is ready between its ends', 4, { crashing: 1 }, '1 of 4 pods of green end again and again'],
    ['most are not ready for long', 1, { longUnready: 3 }, '3 of 4 pods of green have not been ready for 30 s'],
  ])('loses it, too, when of its pods %s', (_what, ready, health, why) => {
    const fallen = { colors: { ...bothUp, green: runs('b', { ready }) }, health: { ...WELL, unready: 1, ...health } };
    const plan = decide({ ...baking(5), ...fallen });
    expect(plan).toMatchObject({ phase: 'RolledBack', active: 'blue', keep: ['blue'] });
    expect(plan.message).toContain(why);
    expect(decide({ ...baking(5), ...fallen }, {}, { ...SPEC, automaticRollback: false })).toMatchObject({
      ...{ phase: 'Baking', active: 'green', keep: ['blue'] },
    });
  });

  test.each<[string, number, Partial<PodHealth>]>([
    ['one is drained and has no room elsewhere', 3, {}],
    ['one starts on another node', 3, { unready: 1 }],
    ['one is on a node that is silent', 3, { unready: 1, longUnready: 1 }],
    ['half are on a node that is silent', 2, { unready: 2, longUnready: 2 }],
    ['most have only just become unready', 1, { unready: 3 }],
  ])('keeps the traffic when of its pods %s', (_what, ready, health) => {
    const colors = { ...bothUp, green: runs('b', { ready }) };
    const plan = decide({ ...baking(5), colors, health: { ...WELL, ...health } });
    expect(plan).toMatchObject({ phase: 'Baking', active: 'green', keep: ['blue'] });
  });

  test.each([
    ['none of the former is', 0],
    ['fewer of the former are', 1],
  ])('keeps the traffic when pods are not ready, but %s, either', (_what, ready) => {
    const colors = { blue: runs('a', { ready }), green: runs('b', { ready: ready * 2 }) };
    const health = { crashing: 2, unready: 2, longUnready: 4 };
    expect(decide({ ...baking(5), colors, health })).toMatchObject({ phase: 'Baking', active: 'green' });
  });

  test('keeps it, however long, until what served before has pods for it', () => {
    const blue = (ready: number) => ({
      ...baking(3600),
      traffic: failing,
      colors: { ...bothUp, blue: runs('a', { ready }) },
    });
    for (const ready of [0, 2]) {
      const plan = decide(blue(ready));
      expect(plan).toMatchObject({ phase: 'Baking', active: 'green', keep: ['blue'] });
      expect(plan.message).toContain(`50.0 % of 1000 requests failed`);
      expect(plan.message).toContain(`more than ${ready} of 4 pods of blue are ready`);
    }
    expect(decide(blue(3))).toMatchObject({ phase: 'RolledBack', active: 'blue' });
  });

  test('keeps it where rollback is not automatic', () => {
    expect(decide(worse, {}, { ...SPEC, automaticRollback: false })).toMatchObject({ active: 'green' });
  });

  test('runs all the same where somebody deletes what served instead, and is told of until it is promoted', () => {
    const { record } = decide(worse);
    const lost = decide({ record, colors: {} });
    expect(lost).toMatchObject({ phase: 'RolledBack', active: 'blue', apply: ['blue'], keep: [], record });
    expect(lost.message).toContain('50.0 % of 1000 requests failed');
    expect(lost.message).toContain('the Deployment of before is gone');
    const after = { record: lost.record, colors: { blue: runs('b') } };
    expect(decide(after)).toEqual(lost);
    expect(decide(after, { promote: 'b' })).toMatchObject({ phase: 'Stable', record: {} });
    expect(decide({ ...after, wanted: 'c' })).toMatchObject({ phase: 'Starting', apply: ['green'], record: {} });
    expect(decide({ colors: {} }, { abort: 'b' })).toMatchObject({ phase: 'Aborted', active: 'blue', apply: ['blue'] });
  });

  test('is followed by the next revision as if it had not been', () => {
    const plan = decide({ wanted: 'c', record: { rejected: { revision: 'b', message: '' } } });
    expect(plan).toMatchObject({ phase: 'Starting', apply: ['green'], record: {} });
  });
});

describe('a Deployment that served, and is gone while another revision is wanted', () => {
  const lost = { colors: {}, remembered: 'a' };
  const again = { active: 'blue', apply: [], keep: ['blue'], phase: 'Starting' };
  const rolling = { ...SPEC, strategy: 'RollingUpdate' } as const;

  test('is made again as it was, as the Service remembers it', () => {
    expect(decide(lost)).toMatchObject({ ...again, message: 'blue is gone, and is made again as it was' });
    expect(decide({ ...lost, mayStart: false })).toMatchObject(again);
    expect(decide({ ...lost, mayStart: false }, {}, rolling)).toMatchObject(again);
  });

  test('is so also beside a new one that has no ready pod, which stays', () => {
    const colors = { green: runs('b', { ready: 0 }) };
    expect(decide({ ...lost, colors })).toMatchObject({ ...again, keep: ['blue', 'green'] });
  });

  test('is so in place of a revision that was refused, which stays so', () => {
    const rejected = { revision: 'b', message: 'too many errors' };
    const plan = { ...again, phase: 'RolledBack', record: { rejected }, message: 'too many errors' };
    expect(decide({ ...lost, record: { rejected } })).toMatchObject(plan);
    expect(decide(lost, { abort: 'b' })).toMatchObject({ ...again, phase: 'Aborted' });
  });

  test.each<[string, Partial<RolloutObserved>, RolloutPlan['active'], typeof SPEC]>([
    ['a new one has ready pods', { colors: { green: runs('b', { ready: 1 }) } }, 'green', SPEC],
    ['it was of that revision', { remembered: 'b' }, 'blue', SPEC],
    ['nobody remembers it', { remembered: undefined }, 'blue', SPEC],
    ['pods would have been replaced one by one', {}, 'blue', rolling],
  ])('gives way to what is wanted where %s', (_where, over, active, spec) => {
    expect(decide({ ...lost, ...over }, {}, spec)).toMatchObject({ active, apply: [active], keep: [] });
  });
});

describe('a second change during a rollout', () => {
  test('starts over with the newest before the traffic has moved', () => {
    expect(decide({ wanted: 'c', colors: bothUp, check: { kind: 'passed' } })).toMatchObject({
      phase: 'Starting',
      active: 'blue',
      apply: ['green'],
    });
  });

  test('gives the traffic back first, since what has it has not proved itself', () => {
    const plan = decide({ ...baking(5), wanted: 'c' });
    expect(plan).toMatchObject({ active: 'blue', apply: [], keep: ['blue', 'green'], record: {} });
    const next = decide({ wanted: 'c', colors: bothUp });
    expect(next).toMatchObject({ phase: 'Starting', active: 'blue', apply: ['green'], keep: ['blue'] });
  });

  describe('while what served before has too few pods for the traffic', () => {
    const fallen = { ...baking(5), wanted: 'c', colors: { ...bothUp, blue: runs('a', { ready: 2 }) } };

    test('starts in their place, which nobody takes for proved any more, and leaves the traffic where it is', () => {
      const first = decide(fallen);
      expect(first).toMatchObject({ phase: 'Starting', active: 'green', apply: [], keep: ['green', 'blue'] });
      expect(first.record).toEqual({});
      const next = decide({ ...fallen, record: {} });
      expect(next).toMatchObject({ phase: 'Starting', active: 'green', apply: ['blue'], keep: ['green'] });
    });

    test('waits for its migrations, and takes up the rollout again if the one before is wanted after all', () => {
      const plan = decide({ ...fallen, mayStart: false });
      expect(plan).toMatchObject({ phase: 'WaitingForMigrations', active: 'green', apply: [] });
      expect(plan.keep).toEqual(['green', 'blue']);
      expect(decide({ ...fallen, wanted: 'b', record: plan.record })).toMatchObject({
        phase: 'Baking',
        keep: ['blue'],
      });
    });
  });
});

describe('orders', () => {
  test('promote moves the traffic without the check, and ends the bake time', () => {
    expect(decide({ colors: bothUp }, { promote: 'b' })).toMatchObject({ active: 'green', phase: 'Baking' });
    expect(decide(baking(1), { promote: 'b' })).toMatchObject({ active: 'green', phase: 'Stable' });
  });

  test('promote does not move it to pods that are not ready', () => {
    const colors = { blue: runs('a'), green: runs('b', { ready: 1 }) };
    expect(decide({ colors }, { promote: 'b' })).toMatchObject({ active: 'blue', phase: 'Starting' });
  });

  test('promote tries again what was rolled back', () => {
    const record = { rejected: { revision: 'b', message: '' } };
    expect(decide({ record }, { promote: 'b' })).toMatchObject({ phase: 'Starting' });
  });

  test.each<[string, Partial<RolloutObserved>]>([
    ['before the traffic moves', { colors: bothUp }],
    ['during the bake time', baking(5)],
  ])('abort %s leaves the old revision with the traffic', (_when, state) => {
    expect(decide(state, { abort: 'b' })).toMatchObject({
      phase: 'Aborted',
      active: 'blue',
      keep: ['blue'],
      apply: [],
    });
  });

  test('abort leaves the traffic where it is until what served before has pods for it', () => {
    const plan = decide({ ...baking(3600), colors: { ...bothUp, blue: runs('a', { ready: 2 }) } }, { abort: 'b' });
    expect(plan).toMatchObject({ phase: 'Baking', active: 'green', keep: ['blue'] });
    expect(plan.message).toContain('it was aborted');
  });

  test('name a revision, and say nothing about others', () => {
    expect(decide({ colors: bothUp }, { promote: 'x', abort: 'y' })).toEqual(decide({ colors: bothUp }));
  });
});

describe('RollingUpdate', () => {
  const spec = { ...SPEC, strategy: 'RollingUpdate' as const };

  test('changes what serves in place, and leaves no other colour', () => {
    expect(decide({}, {}, spec)).toMatchObject({ phase: 'Stable', active: 'blue', apply: ['blue'], keep: [] });
    expect(decide(baking(5), {}, spec)).toMatchObject({ active: 'green', apply: ['green'], keep: [] });
  });

  test('waits for migrations', () => {
    expect(decide({ mayStart: false }, {}, spec)).toMatchObject({ apply: [], keep: ['blue'] });
  });
});

interface Wish {
  wanted: string;
  /** Of a colour that is new, and of one that stays as it is. */
  ready: number;
  keptReady: number;
  good: boolean;
  seconds: number;
  mayStart: boolean;
}

/** What a Kubernetes that carries every plan out at once would show next. */
function carriedOut(before: RolloutObserved, plan: RolloutPlan, arbitrary: Omit<Wish, 'wanted' | 'mayStart'>) {
  const colors: Partial<Record<Color, ColorState>> = {};
  for (const color of plan.keep) {
    const live = before.colors[color];
    if (live !== undefined) colors[color] = { ...live, ready: arbitrary.keptReady };
  }
  for (const color of plan.apply) {
    const live = before.colors[color];
    colors[color] =
      live?.revision === before.wanted
        ? { ...live, ready: live.size }
        : runs(before.wanted, { ready: arbitrary.ready });
  }
  const check = arbitrary.good ? ({ kind: 'passed' } as const) : ({ kind: 'failed', message: 'no' } as const);
  const traffic = arbitrary.good ? idle : failing;
  return { ...before, serving: plan.active, colors, record: plan.record, check, traffic };
}

const wishes: fc.Arbitrary<Wish[]> = fc.array(
  fc.record({
    wanted: fc.constantFrom('a', 'b', 'c'),
    ready: fc.integer({ min: 0, max: 4 }),
    keptReady: fc.integer({ min: 0, max: 4 }),
    good: fc.boolean(),
    seconds: fc.integer({ min: 0, max: 40 }),
    mayStart: fc.boolean(),
  }),
  { maxLength: 30 },
);

const WELL_AGAIN = { ready: 4, keptReady: 4, good: true, seconds: 40 };

describe('whatever is wanted, and whenever,', () => {
  test('traffic moves to pods that are all ready, or back to enough of those that had it, and never to nowhere', () => {
    fc.assert(
      fc.property(wishes, (steps) => {
        let state = seen({ wanted: 'a' });
        let nowMs = NOW;
        for (const step of steps) {
          nowMs += step.seconds * 1000;
          state = { ...state, wanted: step.wanted, mayStart: step.mayStart };
          const plan = decideRollout(state, SPEC, NO_ORDERS, nowMs);
          const target = state.colors[plan.active];
          expect([...plan.apply, ...plan.keep]).toContain(plan.active);
          expect(plan.apply.some((color) => plan.keep.includes(color))).toBe(false);
          const left = state.colors[opposite(plan.active)]?.ready ?? 0;
          const enough = plan.phase === 'Baking' ? target?.size : left * 0.75;
          if (plan.active !== state.serving) expect(target?.ready).toBeGreaterThanOrEqual(enough ?? 0);
          state = carriedOut(state, plan, step);
        }
      }),
    );
  });

  test('once nothing changes any more and all is well, one colour is left, with what is wanted', () => {
    fc.assert(
      fc.property(wishes, fc.constantFrom('a', 'b', 'c'), (steps, last) => {
        let state = seen({ wanted: 'a' });
        let nowMs = NOW;
        const advance = (step: Omit<Wish, 'wanted' | 'mayStart'>) => {
          nowMs += step.seconds * 1000;
          const plan = decideRollout(state, SPEC, NO_ORDERS, nowMs);
          state = carriedOut(state, plan, step);
          return plan;
        };
        for (const step of steps) {
          state = { ...state, wanted: step.wanted, mayStart: step.mayStart };
          advance(step);
        }
        const rejected = state.record.rejected?.revision;
        state = { ...state, wanted: last, mayStart: true, traffic: undefined };
        let plan = advance(WELL_AGAIN);
        for (let more = 0; more < 10; more += 1) plan = advance(WELL_AGAIN);
        expect(Object.keys(state.colors)).toHaveLength(1);
        if (rejected !== last && plan.phase !== 'RolledBack') {
          expect(state.colors[plan.active]?.revision).toBe(last);
        }
      }),
    );
  });

  test('deciding twice from the same is deciding once', () => {
    fc.assert(
      fc.property(wishes, (steps) => {
        let state = seen({ wanted: 'a' });
        for (const step of steps) {
          state = { ...state, wanted: step.wanted, mayStart: step.mayStart };
          const plan = decideRollout(state, SPEC, NO_ORDERS, NOW);
          expect(decideRollout(state, SPEC, NO_ORDERS, NOW)).toEqual(plan);
          state = carriedOut(state, plan, step);
        }
      }),
    );
  });
});
