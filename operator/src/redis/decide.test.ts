import { describe, expect, test } from '@jest/globals';
import { decide } from './decide.ts';
import { nominalRange } from './slots.ts';
import { parseClockAhead, parseClusterNodes, parseReplication, type Topology } from './topology.ts';

/** One line of CLUSTER NODES in short: id, address, flags, primary, slots. */
interface Line {
  id: string;
  ip: string;
  /** Whose name it announces. */
  pod?: string;
  flags?: string;
  primary?: string;
  slots?: string;
  /** When it was last heard of. */
  heardAtMs?: number;
  /** Of a replica. */
  syncedUntilMs?: number;
}

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

function view(self: string, lines: Line[]) {
  const text = lines.map(({ id, ip, pod, flags, primary, slots, heardAtMs = NOW_MS }) => {
    const role = flags ?? (primary === undefined ? 'master' : 'slave');
    const link = role.includes('fail') ? 'disconnected' : 'connected';
    return `${id} ${ip}:6379@16379${pod === undefined ? '' : `,${pod}.x`} ${id === self ? 'myself,' : ''}${role} ${primary ?? '-'} 0 ${heardAtMs} 1 ${link} ${slots ?? ''}`;
  });
  const { syncedUntilMs = NOW_MS } = lines.find(({ id }) => id === self) ?? {};
  return parseClusterNodes(text.join('\n'), { offset: 0, syncedUntilMs });
}

const POSITIONS = [0, 1, 2].flatMap((shard) => [0, 1].map((ordinal) => ({ shard, ordinal })));
const podOf = (shard: number, ordinal: number) => `x-redis-${shard}-${ordinal}`;
const ipOf = (shard: number, ordinal: number) => `10.0.${shard}.${ordinal}`;
const SLOTS = ['0-5460', '5461-10921', '10922-16383'];

const THREE_OF_TWO: Omit<Topology, 'members'> = {
  ...{ atMs: NOW_MS, shards: 3, existingShards: 3, membersPerShard: 2, persistent: false },
  givenUp: new Set(),
};

/** Three shards of two: `p<i>` owns the slots of shard i, `r<i>` follows it. */
const HEALTHY: Line[] = POSITIONS.map(({ shard, ordinal }) => ({
  id: ordinal === 0 ? `p${shard}` : `r${shard}`,
  ip: ipOf(shard, ordinal),
  ...(ordinal === 0 ? { slots: SLOTS[shard] ?? '' } : { primary: `p${shard}` }),
}));

interface Change {
  /** Lines of every view. */
  lines?: (line: Line) => Line;
  /** Pods that do not answer. */
  silent?: string[];
  /** Pods that were born anew, by name. */
  strangers?: string[];
  /** Ids of `lines` that stay known although their pod is a stranger. */
  persistent?: boolean;
  /** Pods that are not expected back. */
  givenUp?: string[];
}

function topology({
  lines = (line) => line,
  silent = [],
  strangers = [],
  persistent = false,
  givenUp = [],
}: Change): Topology {
  const known = HEALTHY.map(lines);
  return {
    shards: 3,
    existingShards: 3,
    membersPerShard: 2,
    persistent,
    atMs: NOW_MS,
    givenUp: new Set(givenUp),
    members: POSITIONS.map(({ shard, ordinal }, index) => {
      const pod = podOf(shard, ordinal);
      const ip = ipOf(shard, ordinal);
      const self = known[index]?.id ?? '';
      const born = strangers.includes(pod);
      const own = born ? view(`new-${pod}`, [{ id: `new-${pod}`, ip }]) : view(self, known);
      return { pod, shard, ip, node: `host-${ordinal}-${shard}`, view: silent.includes(pod) ? undefined : own };
    }),
  };
}

const failed =
  (...ids: string[]) =>
  (line: Line) =>
    ids.includes(line.id) ? { ...line, ip: '10.9.9.9', flags: line.primary ? 'slave,fail' : 'master,fail' } : line;

describe('decide', () => {
  test('does nothing to a healthy cluster', () => {
    expect(decide(topology({}))).toEqual({ rule: undefined, actions: [] });
  });

  test('waits while some of a fresh cluster do not answer', () => {
    const all = POSITIONS.map(({ shard, ordinal }) => podOf(shard, ordinal));
    expect(decide(topology({ strangers: all, silent: ['x-redis-2-1'] })).actions).toEqual([]);
  });

  test.each<[string, string[], string | undefined]>([
    ['without one that is not expected any more', ['x-redis-2-1'], 'create'],
    ['without one of each shard', ['x-redis-0-0', 'x-redis-1-1', 'x-redis-2-1'], 'create'],
    ['not without a whole shard', ['x-redis-2-0', 'x-redis-2-1'], undefined],
  ])('creates a cluster %s', (_what, away, rule) => {
    const all = POSITIONS.map(({ shard, ordinal }) => podOf(shard, ordinal));
    const answering = topology({ strangers: all, silent: away, givenUp: away });
    expect(decide(answering).rule).toBe(rule);
    // Those without an address are told by their absence.
    const members = answering.members.filter(({ pod }) => !away.includes(pod));
    expect(decide({ ...answering, members }).rule).toBe(rule);
    expect(decide({ ...answering, givenUp: new Set(away.slice(1)) }).rule).toBeUndefined();
  });

  test('creates a cluster from strangers: epochs, slots on one of each shard, all meet one', () => {
    const all = POSITIONS.map(({ shard, ordinal }) => podOf(shard, ordinal));
    const { rule, actions } = decide(topology({ strangers: all }));
    expect(rule).toBe('create');
    expect(actions.filter((action) => action.do === 'addSlots')).toEqual([
      { do: 'addSlots', on: 'x-redis-0-0', ranges: [nominalRange(0, 3)] },
      { do: 'addSlots', on: 'x-redis-1-0', ranges: [nominalRange(1, 3)] },
      { do: 'addSlots', on: 'x-redis-2-0', ranges: [nominalRange(2, 3)] },
    ]);
    expect(actions.filter((action) => action.do === 'meet')).toHaveLength(5);
  });

  test('after a restart of all pods one member meets every other at its new address, and nothing else', () => {
    const moved = topology({ lines: (line) => ({ ...line, ip: `old-${line.ip}` }), persistent: true });
    const { rule, actions } = decide(moved);
    expect(rule).toBe('meet');
    expect(new Set(actions.map(({ on }) => on)).size).toBe(1);
    expect(actions).toHaveLength(5);
  });

  test('introduces a replaced replica', () => {
    const { rule, actions } = decide(topology({ lines: failed('r1'), strangers: ['x-redis-1-1'] }));
    expect(rule).toBe('meet');
    expect(actions).toMatchObject([{ do: 'meet', ip: ipOf(1, 1) }]);
  });

  test('leaves an election to Redis while most primaries live', () => {
    const { actions } = decide(topology({ lines: failed('p1'), silent: ['x-redis-1-0'] }));
    expect(actions).toEqual([]);
  });

  test('has replicas take over when most primaries are gone for good', () => {
    const lost = topology({ lines: failed('p1', 'p2'), silent: ['x-redis-1-0', 'x-redis-2-0'] });
    expect(decide(lost)).toEqual({
      rule: 'takeover',
      actions: [
        { do: 'takeover', on: 'x-redis-1-1' },
        { do: 'takeover', on: 'x-redis-2-1' },
      ],
    });
  });

  test('waits for primaries that will come back with their data', () => {
    const away = topology({ lines: failed('p1', 'p2'), silent: ['x-redis-1-0', 'x-redis-2-0'], persistent: true });
    expect(decide(away).actions).toEqual([]);
  });

  const TWO_LOST = ['x-redis-1-0', 'x-redis-2-0'];
  test.each<[string, string[], string[], string[]]>([
    ['waits for none that is not expected back', TWO_LOST, TWO_LOST, ['x-redis-1-1', 'x-redis-2-1']],
    ['waits for one that is, beside one that is not', TWO_LOST, ['x-redis-1-0'], []],
    ['waits for a replica that is, which may be the more advanced', [...TWO_LOST, 'x-redis-0-1'], TWO_LOST, []],
  ])('of lost nodes with their data, %s', (_name, silent, givenUp, heirs) => {
    const lines = failed('p1', 'p2');
    const withPods = topology({ lines, silent, givenUp, persistent: true });
    // Those without an address are told by their absence.
    const withoutPods = { ...withPods, members: withPods.members.filter(({ pod }) => !silent.includes(pod)) };
    for (const away of [withPods, withoutPods]) {
      expect(decide(away).actions).toEqual(heirs.map((on) => ({ do: 'takeover', on })));
    }
  });

  const seconds = (ago: number) => NOW_MS - ago * 1000;
  const lostFor = (lostSeconds: number, heirSyncedSecondsAgo: number | undefined) => (line: Line) => {
    if (line.id === 'p1') return { ...failed('p1')(line), heardAtMs: seconds(lostSeconds) };
    const syncedUntilMs = heirSyncedSecondsAgo === undefined ? 0 : seconds(heirSyncedSecondsAgo);
    return line.id === 'r1' ? { ...line, syncedUntilMs } : line;
  };
  test.each<[string, number, number | undefined, object[]]>([
    ['is left to Redis for as long as it may elect', 59, 59, []],
    ['is elected by Redis, although it lacks much', 59, 200, []],
    ['has not been elected in time and takes over', 61, 61, [{ do: 'takeover', on: 'x-redis-1-1' }]],
    ['takes over although its last news is some seconds older', 61, 74, [{ do: 'takeover', on: 'x-redis-1-1' }]],
    ['lacks more than is told once more, and begins anew', 61, 80, [{ do: 'reset', on: 'x-redis-1-1' }]],
    ['was never in sync, and begins anew', 61, undefined, [{ do: 'reset', on: 'x-redis-1-1' }]],
  ])('the heir of one lost primary %s', (_what, lostSeconds, heirSyncedSecondsAgo, actions) => {
    const change = { lines: lostFor(lostSeconds, heirSyncedSecondsAgo), silent: ['x-redis-1-0'] };
    expect(decide(topology(change)).actions).toEqual(actions);
    expect(decide(topology({ ...change, persistent: true })).actions).toEqual([]);
    expect(decide(topology({ ...change, persistent: true, givenUp: ['x-redis-1-0'] })).actions).toEqual(actions);
  });

  test('never forgets a lost primary whose replica could still be elected', () => {
    // The stranger in the primary's place has been met already, under its new id.
    const withStranger = [...HEALTHY.map(failed('p1')), { id: 'new', ip: ipOf(1, 0) }];
    const members = POSITIONS.map(({ shard, ordinal }) => {
      const self = shard === 1 && ordinal === 0 ? 'new' : `${ordinal === 0 ? 'p' : 'r'}${shard}`;
      return {
        pod: podOf(shard, ordinal),
        shard,
        ip: ipOf(shard, ordinal),
        node: `host-${ordinal}-${shard}`,
        view: view(self, withStranger),
      };
    });
    expect(decide({ ...THREE_OF_TWO, members }).actions).toEqual([]);
  });

  test('after the election forgets the lost id everywhere, then makes the stranger a replica', () => {
    const promoted = HEALTHY.map((line) => {
      if (line.id === 'p1') return { id: 'p1', ip: '10.9.9.9', flags: 'master,fail' };
      if (line.id === 'r1') return { id: 'r1', ip: ipOf(1, 1), slots: SLOTS[1] ?? '' };
      return line;
    });
    const membersWith = (lines: Line[]) =>
      POSITIONS.map(({ shard, ordinal }) => {
        const self = shard === 1 && ordinal === 0 ? 'new' : `${ordinal === 0 ? 'p' : 'r'}${shard}`;
        return {
          pod: podOf(shard, ordinal),
          shard,
          ip: ipOf(shard, ordinal),
          node: `host-${ordinal}-${shard}`,
          view: view(self, lines),
        };
      });
    const stranger = { id: 'new', ip: ipOf(1, 0) };
    const before = decide({ ...THREE_OF_TWO, members: membersWith([...promoted, stranger]) });
    expect(before.rule).toBe('forget');
    expect(before.actions).toHaveLength(6);
    expect(before.actions.every((action) => action.do === 'forget' && action.id === 'p1')).toBe(true);

    const remaining = [...promoted.filter(({ id }) => id !== 'p1'), stranger];
    expect(decide({ ...THREE_OF_TWO, members: membersWith(remaining) })).toEqual({
      rule: 'replicate',
      actions: [{ do: 'replicate', on: 'x-redis-1-0', primaryId: 'r1' }],
    });
  });

  /** Of shard 1 only a newcomer is there, in the place of `p1`, which has met the others; of shard 2 one does not answer. */
  function withNewcomer(change: { ofP1?: Partial<Line>; givenUp?: string[] }): Topology {
    const pod = 'x-redis-1-0';
    const lost = [
      { id: 'p1', ip: '10.9.9.9', pod, flags: 'master,fail', slots: SLOTS[1] ?? '', ...change.ofP1 },
      { id: 'r1', ip: '10.9.9.8', pod: 'x-redis-1-1', flags: 'slave,fail', primary: 'p1' },
    ];
    const known = [...HEALTHY.filter(({ id }) => !/1$/.test(id)), { id: 'new', ip: ipOf(1, 0), pod }];
    const members = agreeing([...known, ...lost]).members.filter((member) => member.pod !== 'x-redis-2-1');
    return { ...THREE_OF_TWO, members, givenUp: new Set(change.givenUp) };
  }
  test.each<[string, Parameters<typeof withNewcomer>[0], string[]]>([
    ['the node whose pod is another by now', {}, ['p1']],
    ['whoever failed, when nobody is awaited', { givenUp: ['x-redis-1-1', 'x-redis-2-1'] }, ['p1', 'r1']],
    ['nobody who works in the eyes of one of the others', { ofP1: { flags: 'master' } }, []],
  ])('forgets, while some pods do not answer, %s', (_what, change, forgotten) => {
    const { actions } = decide(withNewcomer(change));
    expect([...new Set(actions.map((action) => (action.do === 'forget' ? action.id : action.do)))]).toEqual(forgotten);
  });

  test('gives slots to the one pod of a shard that is there, when nobody else is awaited', () => {
    const givenUp = ['x-redis-1-1', 'x-redis-2-1'];
    const forgotten = withNewcomer({ givenUp, ofP1: { flags: 'slave,fail', primary: 'p0', slots: '' } });
    const members = forgotten.members.map((member) => {
      const known = member.view?.known.filter(({ id }) => id !== 'p1' && id !== 'r1') ?? [];
      return { ...member, view: member.view && { ...member.view, known } };
    });
    expect(decide({ ...forgotten, members }).actions[0]).toMatchObject({ do: 'addSlots', on: 'x-redis-1-0' });
    expect(decide({ ...forgotten, members, givenUp: new Set() }).actions).toEqual([]);
  });

  test('gives the slots of a shard that is lost for good to its new members', () => {
    const lines = [
      ...HEALTHY.filter(({ id }) => id !== 'p1' && id !== 'r1'),
      { id: 'a', ip: ipOf(1, 0) },
      { id: 'b', ip: ipOf(1, 1) },
    ];
    const members = POSITIONS.map(({ shard, ordinal }) => {
      const self = shard === 1 ? (ordinal === 0 ? 'a' : 'b') : `${ordinal === 0 ? 'p' : 'r'}${shard}`;
      return {
        pod: podOf(shard, ordinal),
        shard,
        ip: ipOf(shard, ordinal),
        node: `host-${ordinal}-${shard}`,
        view: view(self, lines),
      };
    });
    expect(decide({ ...THREE_OF_TWO, members })).toEqual({
      rule: 'addSlots',
      actions: [
        { do: 'addSlots', on: 'x-redis-1-0', ranges: [{ first: 5461, last: 10921 }] },
        { do: 'bumpEpoch', on: 'x-redis-1-0' },
      ],
    });
  });
});

/** Members that all see the same lines; `x-redis-<shard>-<ordinal>` runs on the Kubernetes node of `nodes`. */
function agreeing(lines: Line[], change: Partial<Topology> = {}, nodes: Record<string, string> = {}): Topology {
  const members = lines
    .filter(({ flags }) => flags?.includes('fail') !== true)
    .map(({ id, ip }) => {
      const [, , shard = '0', ordinal = '0'] = ip.split('.');
      const pod = podOf(Number(shard), Number(ordinal));
      return { pod, shard: Number(shard), ip, node: nodes[pod] ?? `host-${ip}`, view: view(id, lines) };
    });
  return { ...THREE_OF_TWO, members, ...change };
}

const withSlots = (slots: Record<string, string>): Line[] =>
  HEALTHY.map((line) => ({ ...line, ...(slots[line.id] === undefined ? {} : { slots: slots[line.id] ?? '' }) }));
const FOURTH: Line[] = [
  { id: 'p3', ip: ipOf(3, 0) },
  { id: 'r3', ip: ipOf(3, 1), primary: 'p3' },
];

/** Members that know those of their own group alone. */
function groups(...all: readonly Line[][]): Topology {
  const members = all.flatMap((lines) => agreeing(lines).members);
  return { ...agreeing(HEALTHY), members };
}

describe('decide, with members that do not know each other', () => {
  test('goes on with a meeting that broke off: one member meets all that are still alone', () => {
    const [first, second, third, ...alone] = HEALTHY;
    const met = [first, second, third].filter((line) => line !== undefined);
    const { rule, actions } = decide(groups(met, ...alone.map((line) => [line])));
    expect(rule).toBe('meet');
    expect(new Set(actions.map(({ on }) => on)).size).toBe(1);
    expect(actions.map((action) => action.do === 'meet' && action.ip)).toEqual(alone.map(({ ip }) => ip));
  });

  test('brings a cluster together that has fallen in two, from the side that knows more', () => {
    const [large, small] = [HEALTHY.slice(0, 4), HEALTHY.slice(4)];
    const { rule, actions } = decide(groups(large, small));
    expect(rule).toBe('meet');
    expect(actions.map((action) => action.do === 'meet' && action.ip)).toEqual(small.map(({ ip }) => ip));
    expect(actions.every(({ on }) => /-redis-[01]-/.test(on))).toBe(true);
  });
});

describe('decide, when the number of shards changes', () => {
  test('gives a new shard its share from each of the others, and moves nothing else', () => {
    expect(decide(agreeing([...HEALTHY, ...FOURTH], { shards: 4, existingShards: 4 }))).toEqual({
      rule: 'moveSlots',
      actions: [
        { do: 'moveSlots', on: 'x-redis-0-0', to: 'x-redis-3-0', ranges: [{ first: 4096, last: 5460 }] },
        { do: 'moveSlots', on: 'x-redis-1-0', to: 'x-redis-3-0', ranges: [{ first: 9557, last: 10921 }] },
        { do: 'moveSlots', on: 'x-redis-2-0', to: 'x-redis-3-0', ranges: [{ first: 15018, last: 16383 }] },
      ],
    });
  });

  test('moves nothing while a member is missing', () => {
    const all = agreeing([...HEALTHY, ...FOURTH], { shards: 4, existingShards: 4 });
    expect(decide({ ...all, members: all.members.slice(0, -1) }).actions).toEqual([]);
  });

  test('empties a shard that is to go into those that stay', () => {
    const four = withSlots({ p0: '0-4095', p1: '5461-9556', p2: '10922-15017' });
    const [primary, replica] = FOURTH;
    const lines = [...four, { ...primary, slots: '4096-5460 9557-10921 15018-16383' } as Line, replica as Line];
    const { rule, actions } = decide(agreeing(lines, { existingShards: 4 }));
    expect(rule).toBe('moveSlots');
    expect(actions.map((action) => action.do === 'moveSlots' && [action.on, action.to])).toEqual([
      ['x-redis-3-0', 'x-redis-0-0'],
      ['x-redis-3-0', 'x-redis-1-0'],
      ['x-redis-3-0', 'x-redis-2-0'],
    ]);
  });

  test('has a shard that is empty forgotten by those that stay', () => {
    const { rule, actions } = decide(agreeing([...HEALTHY, ...FOURTH], { existingShards: 4 }));
    expect(rule).toBe('forget');
    expect(actions).toHaveLength(12);
    expect(actions.every((action) => action.do === 'forget' && /^[pr]3$/.test(action.id))).toBe(true);
    expect(actions.some(({ on }) => on.startsWith('x-redis-3'))).toBe(false);
  });
});

describe('decide, after a move that broke off', () => {
  test('brings it to its end', () => {
    // In CLUSTER NODES only a node itself tells of its open slots; here every view repeats them, which changes nothing.
    const lines = withSlots({ p0: '0-5460 [5460->-p1]', p1: '5461-10921 [5460-<-p0]' });
    expect(decide(agreeing(lines))).toEqual({
      rule: 'openSlots',
      actions: [{ do: 'moveSlots', on: 'x-redis-0-0', to: 'x-redis-1-0', ranges: [{ first: 5460, last: 5460 }] }],
    });
  });

  test('closes a slot that has arrived', () => {
    expect(decide(agreeing(withSlots({ p1: '5461-10921 [5461-<-p0]' })))).toEqual({
      rule: 'openSlots',
      actions: [{ do: 'closeSlot', on: 'x-redis-1-0', slot: 5461 }],
    });
  });

  test('has the heir of a lost target take over, for the keys that had arrived', () => {
    const [, replica] = FOURTH;
    const lines = [
      ...withSlots({ p0: '0-5460 [5460->-p3]' }),
      { id: 'p3', ip: '10.0.3.9', flags: 'master,fail' },
      replica as Line,
    ];
    expect(decide(agreeing(lines, { shards: 4, existingShards: 4 }))).toEqual({
      rule: 'openSlots',
      actions: [{ do: 'takeover', on: 'x-redis-3-1' }],
    });
  });

  test('does not forget a lost node while a slot is open towards it', () => {
    const lines = [...withSlots({ p0: '0-5460 [5460->-old]' }), { id: 'old', ip: '10.0.1.9', flags: 'master,fail' }];
    expect(decide(agreeing(lines)).rule).toBe('openSlots');
  });
});

describe('decide, with roles where they should not be', () => {
  test('moves the slots of a second owner in a shard to the first', () => {
    const lines = withSlots({ p1: '5461-10000' }).map((line) =>
      line.id === 'r1' ? { id: 'r1', ip: line.ip, slots: '10001-10921' } : line,
    );
    expect(decide(agreeing(lines))).toEqual({
      rule: 'moveSlots',
      actions: [{ do: 'moveSlots', on: 'x-redis-1-1', to: 'x-redis-1-0', ranges: [{ first: 10001, last: 10921 }] }],
    });
  });

  test('hands one primary over where a node has most of them', () => {
    const nodes = {
      'x-redis-0-0': 'a',
      'x-redis-1-0': 'a',
      'x-redis-2-0': 'b',
      'x-redis-0-1': 'b',
      'x-redis-1-1': 'c',
    };
    expect(decide(agreeing(HEALTHY, {}, nodes))).toEqual({
      rule: 'spread',
      actions: [{ do: 'failover', on: 'x-redis-1-1' }],
    });
  });

  test('leaves primaries where no replica is better placed', () => {
    const nodes = Object.fromEntries(POSITIONS.map(({ shard, ordinal }) => [podOf(shard, ordinal), 'a']));
    expect(decide(agreeing(HEALTHY, {}, nodes)).actions).toEqual([]);
  });
});

describe('INFO replication', () => {
  const role = (...lines: string[]) => parseReplication(['# Replication', 'role:slave', ...lines].join('\r\n'), NOW_MS);

  test.each<[string, string[], number]>([
    ['in sync', ['master_link_status:up', 'master_last_io_seconds_ago:2', 'slave_repl_offset:7'], NOW_MS - 2000],
    [
      'that has lost its primary',
      ['master_last_io_seconds_ago:-1', 'master_link_down_since_seconds:90', 'slave_repl_offset:7'],
      NOW_MS - 90_000,
    ],
    [
      'that was never in sync',
      ['master_last_io_seconds_ago:-1', 'master_link_down_since_seconds:-1', 'slave_repl_offset:7'],
      0,
    ],
  ])('of a replica %s tells until when it was', (_what, lines, syncedUntilMs) => {
    expect(role(...lines)).toEqual({ offset: 7, syncedUntilMs });
  });

  test('of a primary tells its offset', () => {
    expect(parseReplication('role:master\r\nmaster_repl_offset:9', NOW_MS)).toEqual({
      offset: 9,
      syncedUntilMs: NOW_MS,
    });
  });
});

describe('the clock of a node', () => {
  test.each([
    ['ahead', 60_000],
    ['behind', -60_000],
    ['of the same time', 0],
  ])('that is %s says nothing about when others were last heard of', (_what, aheadMs) => {
    const info = `# Server\r\nserver_time_usec:${(NOW_MS + aheadMs) * 1000}\r\nuptime_in_seconds:7\r\n`;
    const lines = [
      'a 10.0.0.1:6379@16379,x-redis-0-0.x myself,master - 0 0 1 connected 0-8191',
      `b 10.0.0.2:6379@16379,x-redis-1-0.x master,fail - 0 ${NOW_MS + aheadMs - 5000} 2 disconnected 8192-16383`,
    ];
    const { known } = parseClusterNodes(
      lines.join('\n'),
      { offset: 0, syncedUntilMs: NOW_MS },
      parseClockAhead(info, NOW_MS),
    );
    expect(known.map(({ heardAtMs }) => heardAtMs)).toEqual([0, NOW_MS - 5000]);
  });
});
