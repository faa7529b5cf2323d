import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideMove, type MovableMember, type Move, type MovesView } from './moves.ts';

function member(ordinal: number, over: Partial<MovableMember> = {}): MovableMember {
  return {
    pod: `x-postgres-${ordinal}`,
    ready: true,
    role: ordinal === 0 ? 'primary' : 'replica',
    timeline: 1,
    xlogLocation: 100n,
    pendingRestart: [],
    outdated: false,
    leaving: false,
    stuck: false,
    node: `node-${ordinal}`,
    cordoned: false,
    ...over,
  };
}

function view(over: Partial<MovesView> = {}): MovesView {
  return {
    leader: 'x-postgres-0',
    members: [member(0), member(1), member(2)],
    syncStandbys: ['x-postgres-1'],
    synchronous: true,
    wantedMembers: 3,
    requested: undefined,
    hindrance: undefined,
    commotion: undefined,
    ...over,
  };
}

const setting = (parameter: string, from: string, to: string) => ({ pendingRestart: [{ parameter, from, to }] });
const raised = setting('max_connections', '100', '200');
const lowered = setting('max_connections', '200', '100');

describe('with nothing to do', () => {
  test.each([
    ['all is as it should be', {}],
    ['nobody leads', { leader: undefined, members: [member(0, { outdated: true })] }],
    ['the primary is not ready', { members: [member(0, { ready: false, outdated: true }), member(1)] }],
    ['a replica is missing', { members: [member(0), member(1)] }],
  ])('nothing is done: %s', (_why, over) => {
    expect(decideMove(view(over))).toEqual({ next: { kind: 'none' } });
  });
});

describe('a switchover that is asked for', () => {
  test('goes to the synchronous standby', () => {
    expect(decideMove(view({ requested: 'x-postgres-1' })).next).toMatchObject({
      kind: 'switchover',
      from: 'x-postgres-0',
      to: 'x-postgres-1',
      reason: 'Requested',
    });
  });

  test('is acknowledged when it is so', () => {
    expect(decideMove(view({ requested: 'x-postgres-0' })).next).toEqual({ kind: 'acknowledge', pod: 'x-postgres-0' });
  });

  test.each([
    [
      'a pod of something else',
      'y-redis-0',
      /names y-redis-0, which is no pod of this database; allowed: x-postgres-1$/,
    ],
    ['a replica that lacks commits', 'x-postgres-2', /without losing a commit; allowed: x-postgres-1$/],
    ['nothing', '', /names no pod/],
  ])('is refused for %s, and says what is allowed', (_what, requested, message) => {
    const { next, refusal } = decideMove(view({ requested }));
    expect(next).toEqual({ kind: 'none' });
    expect(refusal).toMatch(message);
  });

  test('may go to any ready replica where commits are asynchronous', () => {
    const asynchronous = { synchronous: false, syncStandbys: [], requested: 'x-postgres-2' };
    expect(decideMove(view(asynchronous)).next).toMatchObject({ kind: 'switchover', to: 'x-postgres-2' });
  });

  test('that is refused keeps nothing else from being done', () => {
    const members = [member(0), member(1), member(2, { outdated: true })];
    expect(decideMove(view({ requested: 'nobody', members }))).toMatchObject({
      next: { kind: 'replace', pod: 'x-postgres-2' },
      refusal: expect.any(String),
    });
  });

  test('waits while writes cannot be held back', () => {
    const hindrance = 'a migration has to end';
    expect(decideMove(view({ requested: 'x-postgres-1', hindrance })).next).toEqual({
      kind: 'wait',
      message: expect.stringContaining(hindrance),
    });
  });
});

describe('a node that is to be drained', () => {
  test('loses the primary, even while another replica is missing', () => {
    const members = [member(0, { cordoned: true }), member(1)];
    expect(decideMove(view({ members })).next).toMatchObject({
      kind: 'switchover',
      to: 'x-postgres-1',
      reason: 'Drain',
    });
  });

  test('keeps it until what leaves at the same time is ready elsewhere', () => {
    const members = [member(0, { cordoned: true }), member(1)];
    const commotion = 'pods that have moved have to be ready: x-api';
    expect(decideMove(view({ members, commotion })).next).toEqual({
      kind: 'wait',
      message: expect.stringContaining(commotion),
    });
  });

  test('keeps it while the only standby is on such a node, too', () => {
    const members = [member(0, { cordoned: true }), member(1, { cordoned: true }), member(2)];
    expect(decideMove(view({ members })).next).toMatchObject({ kind: 'wait' });
  });

  const cordoned = [0, 1, 2].map((ordinal) => member(ordinal, { cordoned: true }));
  test('may take it where all nodes with a standby are to be drained: otherwise each drain would wait for the others', () => {
    expect(decideMove(view({ members: cordoned }))).toMatchObject({
      next: { kind: 'wait', message: expect.stringContaining('may take it') },
      primaryMayGo: true,
    });
  });

  test.each<[string, Partial<MovesView>]>([
    ['another standby is elsewhere', { members: [...cordoned.slice(0, 2), member(2)], synchronous: false }],
    ['a member is not ready', { members: [...cordoned.slice(0, 2), member(2, { ready: false })] }],
    ['a member leaves', { members: [...cordoned.slice(0, 2), member(2, { leaving: true })] }],
    ['a member is missing', { members: cordoned.slice(0, 2) }],
    ['no standby has every commit', { members: cordoned, syncStandbys: [] }],
    [
      'the standby is on its node, and would go with it',
      { members: cordoned.map((each) => ({ ...each, node: 'one' })) },
    ],
    ['its own node is not', { members: [member(0), ...cordoned.slice(1)] }],
    ['it is alone', { members: cordoned.slice(0, 1), wantedMembers: 1 }],
  ])('may not take it when %s', (_when, over) => {
    expect(decideMove(view(over)).primaryMayGo).toBeUndefined();
  });

  test('keeps a primary that has no replica', () => {
    const alone = { members: [member(0, { cordoned: true })], wantedMembers: 1, syncStandbys: [] };
    expect(decideMove(view(alone)).next).toEqual({ kind: 'none' });
  });
});

describe('a primary that is to go', () => {
  const members = [member(0), member(1), member(2), member(3)];
  const scaled = (leader: number, syncStandby: number, over: Partial<MovesView> = {}) =>
    decideMove(
      view({
        ...{ members, wantedMembers: 2, leader: `x-postgres-${leader}`, syncStandbys: [`x-postgres-${syncStandby}`] },
        ...over,
      }),
    ).next;

  test('hands over to one that stays', () => {
    expect(scaled(2, 1)).toMatchObject({ kind: 'switchover', to: 'x-postgres-1', reason: 'ScaleDown' });
  });

  test('hands over to one below it where the standby goes, too, and would stay the standby for as long as it is there', () => {
    expect(scaled(3, 2)).toMatchObject({ kind: 'switchover', to: 'x-postgres-2', reason: 'ScaleDown' });
  });

  test('waits for the standby to go that is above it', () => {
    expect(scaled(2, 3)).toMatchObject({ kind: 'wait' });
  });

  test('waits while no other that stays is ready: what is left would be the only copy', () => {
    const broken = [member(0, { ready: false }), member(1, { ready: false }), member(2), member(3)];
    expect(scaled(3, 2, { members: broken })).toMatchObject({ kind: 'wait' });
  });
});

describe('an update', () => {
  test('replaces replicas one at a time, then moves the primary, then replaces the former one', () => {
    const old = { outdated: true };
    const steps: Move[] = [
      [member(0, old), member(1, old), member(2, old)],
      [member(0, old), member(1, { ready: false }), member(2, old)],
      [member(0, old), member(1), member(2, old)],
      [member(0, old), member(1), member(2)],
    ].map((members) => decideMove(view({ members })).next);
    steps.push(decideMove(view({ leader: 'x-postgres-1', members: [member(0, old), member(1), member(2)] })).next);
    expect(steps.map((step) => [step.kind, 'pod' in step ? step.pod : 'to' in step ? step.to : undefined])).toEqual([
      ['replace', 'x-postgres-1'],
      ['wait', undefined],
      ['replace', 'x-postgres-2'],
      ['switchover', 'x-postgres-1'],
      ['replace', 'x-postgres-0'],
    ]);
  });

  test('stops at a new pod that does not come up, and goes on from an old one that did not', () => {
    const stopped = [member(0, { outdated: true }), member(1, { ready: false }), member(2, { outdated: true })];
    expect(decideMove(view({ members: stopped })).next.kind).toBe('wait');
    const mended = [member(0), member(1, { ready: false, outdated: true }), member(2)];
    expect(decideMove(view({ members: mended })).next).toMatchObject({ kind: 'replace', pod: 'x-postgres-1' });
  });

  const stuck = { ready: false, stuck: true };
  test.each<[string, Partial<MovesView>]>([
    ['nobody has led yet', { leader: undefined, members: [member(0, stuck), member(1, { ...stuck, outdated: true })] }],
    ['the primary is among them', { leader: 'x-postgres-1', members: [member(1, { ...stuck, outdated: true })] }],
  ])('replaces an old pod that cannot start, though no primary is ready: %s', (_why, over) => {
    expect(decideMove(view(over)).next).toMatchObject({ kind: 'replace', pod: 'x-postgres-1' });
  });

  test.each<[string, Partial<MovableMember>]>([
    ['is not ready, and runs: it may be recovering', { ready: false, outdated: true }],
    ['cannot start, but is of the newest template', stuck],
    ['is on its way out', { ...stuck, outdated: true, leaving: true }],
  ])('leaves a pod alone while no primary is ready that %s', (_what, over) => {
    expect(decideMove(view({ leader: undefined, members: [member(0, over)] })).next).toEqual({ kind: 'none' });
  });

  test('replaces a primary that is alone', () => {
    const alone = { members: [member(0, { outdated: true })], wantedMembers: 1, syncStandbys: [] };
    expect(decideMove(view(alone)).next).toMatchObject({ kind: 'replace', pod: 'x-postgres-0' });
  });
});

describe('a setting that needs a restart', () => {
  test('reaches the replicas first, and the primary by a switchover', () => {
    const first = decideMove(view({ members: [member(0, raised), member(1, raised), member(2, raised)] })).next;
    expect(first).toMatchObject({ kind: 'restart', pod: 'x-postgres-1', message: expect.stringContaining('3 of 3') });
    const last = decideMove(view({ members: [member(0, raised), member(1), member(2)] })).next;
    expect(last).toMatchObject({ kind: 'switchover', reason: 'Parameters' });
  });

  test('reaches the primary first where a standby must not have less', () => {
    const members = [member(0, lowered), member(1, lowered), member(2, lowered)];
    expect(decideMove(view({ members })).next).toMatchObject({ kind: 'restartPrimary', pod: 'x-postgres-0' });
    const then = [member(0), member(1, lowered), member(2, lowered)];
    expect(decideMove(view({ members: then })).next).toMatchObject({ kind: 'restart', pod: 'x-postgres-1' });
  });

  test('that is lowered, but is not one of those, reaches the replicas first', () => {
    const buffers = setting('shared_buffers', '256MB', '128MB');
    const members = [member(0, buffers), member(1, buffers), member(2)];
    expect(decideMove(view({ members })).next).toMatchObject({ kind: 'restart', pod: 'x-postgres-1' });
  });

  test('restarts a primary that is alone', () => {
    const alone = { members: [member(0, raised)], wantedMembers: 1, syncStandbys: [] };
    expect(decideMove(view(alone)).next).toMatchObject({ kind: 'restartPrimary' });
  });
});

describe('whatever there is', () => {
  const anyMember = fc.record({
    ready: fc.boolean(),
    outdated: fc.boolean(),
    leaving: fc.boolean(),
    cordoned: fc.boolean(),
    xlogLocation: fc.bigInt(0n, 3n),
    pendingRestart: fc.constantFrom([], raised.pendingRestart, lowered.pendingRestart),
  });
  const anyView = fc
    .tuple(fc.array(anyMember, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat(3), fc.nat(4))
    .map(([members, wantedMembers, leader, sync]) =>
      view({
        members: members.map((over, ordinal) => member(ordinal, over)),
        wantedMembers,
        leader: `x-postgres-${leader}`,
        syncStandbys: [`x-postgres-${sync}`],
      }),
    );

  test('only a synchronous standby that is ready takes over', () => {
    fc.assert(
      fc.property(anyView, (seen) => {
        const { next } = decideMove(seen);
        if (next.kind !== 'switchover') return;
        const target = seen.members.find(({ pod }) => pod === next.to);
        expect(seen.syncStandbys).toContain(next.to);
        expect(target).toMatchObject({ ready: true, leaving: false });
      }),
    );
  });

  test('no pod is taken away while another one of those that stay is not ready, unless it is itself the broken one', () => {
    fc.assert(
      fc.property(anyView, (seen) => {
        const { next } = decideMove(seen);
        if (next.kind !== 'replace' && next.kind !== 'restart') return;
        const staying = seen.members.filter((_, ordinal) => ordinal < seen.wantedMembers);
        const chosen = seen.members.find(({ pod }) => pod === next.pod);
        const allReady = staying.length === seen.wantedMembers && staying.every(({ ready }) => ready);
        expect(allReady || chosen?.ready === false).toBe(true);
      }),
    );
  });
});
