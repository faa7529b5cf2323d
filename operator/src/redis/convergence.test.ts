import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Break, KEYS, RedisSimulation } from '../testing/redis-simulation.ts';
import { decide } from './decide.ts';
import { assessHealth } from './health.ts';
import { slotsIn } from './slots.ts';

/** Runs the loop until the cluster is whole; the rules used on the way, or undefined when it never is. */
function converge(simulation: RedisSimulation, passes = 60): string[] | undefined {
  const rules: string[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const topology = simulation.topology();
    const { rule, actions } = decide(topology);
    const done = topology.existingShards === topology.shards && assessHealth(topology).whole;
    if (rule === undefined && done) return rules;
    if (rule !== undefined) rules.push(rule);
    for (const action of actions) simulation.perform(action);
    simulation.removeShards(assessHealth(topology).shardsInUse);
    for (let round = 0; round < 3; round++) simulation.gossip();
  }
  return undefined;
}

/** Which pods stop at once, how long the others go on before they are back, and which of them get nothing of their primary. */
const disturbance = (pods: readonly string[]) =>
  fc.record({
    pods: fc.subarray([...pods], { minLength: 1 }),
    passesAway: fc.integer({ min: 0, max: 6 }),
    cutOff: fc.subarray([...pods]),
  });

const breakOff = fc.record({ keys: fc.nat({ max: 6 }), step: fc.integer({ min: 0, max: 4 }) });

const change = (atOnce: number) =>
  fc.record({
    shards: fc.integer({ min: 3, max: 5 }),
    stopped: fc.array(fc.nat({ max: 9 }), { maxLength: atOnce }),
    passesBefore: fc.integer({ min: 0, max: 8 }),
    passesAway: fc.integer({ min: 0, max: 6 }),
    breaks: fc.array(breakOff, { maxLength: 4 }),
  });

/** One place after the other, then none. */
function inTurn(breaks: readonly Break[]): () => Break {
  const left = [...breaks];
  return () => left.shift() ?? { keys: Number.POSITIVE_INFINITY, step: 0 };
}

describe('decide, against a simulated cluster', () => {
  test('creates a cluster and then leaves it alone', () => {
    const simulation = new RedisSimulation(3, 2, false);
    expect(converge(simulation)).toContain('create');
    expect(converge(simulation)).toEqual([]);
  });

  test.each([
    ['with volumes', true, true],
    ['with volumes that are not waited for', true, false],
    ['without volumes', false, true],
    ['without volumes, and without those that are not waited for', false, false],
  ])('brings every reachable mess together %s', (_name, persistent, awaits) => {
    const { pods } = new RedisSimulation(3, 2, persistent);
    fc.assert(
      fc.property(fc.array(disturbance(pods), { minLength: 1, maxLength: 4 }), (disturbances) => {
        const simulation = new RedisSimulation(3, 2, persistent);
        simulation.awaits = awaits;
        converge(simulation);
        for (const { pods: stopped, passesAway, cutOff } of disturbances) {
          simulation.cutOff = new Set(cutOff);
          for (const pod of stopped) simulation.stop(pod);
          converge(simulation, passesAway);
          for (const pod of stopped) simulation.start(pod);
          converge(simulation, 1);
        }
        expect(converge(simulation)).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  test('creates a cluster although the operator stops in the middle of it, again and again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 16 }), { maxLength: 6 }), (commandsDone) => {
        const simulation = new RedisSimulation(3, 2, false);
        for (const count of commandsDone) {
          for (const action of decide(simulation.topology()).actions.slice(0, count)) simulation.perform(action);
          simulation.gossip();
        }
        expect(converge(simulation)).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  test.each([true, false])(
    'creates a cluster whose pods could not start, and are made anew one by one: volumes %s',
    (persistent) => {
      const simulation = new RedisSimulation(3, 2, persistent);
      simulation.awaits = false;
      for (const pod of simulation.pods) simulation.stop(pod);
      // As the controller of StatefulSets does it: the last pod of a shard first, the next when that one is ready.
      const isReady = (pod: string) => {
        const { members } = simulation.topology();
        const view = members.find((member) => member.pod === pod)?.view;
        const self = view?.known.find(({ id }) => id === view.id);
        return (
          (view?.known.length ?? 0) > 1 && self !== undefined && (self.slots.length > 0 || self.primaryId !== undefined)
        );
      };
      for (let pass = 0; pass < 30; pass++) {
        for (const shard of [0, 1, 2]) {
          const [first, last] = [`x-redis-${shard}-0`, `x-redis-${shard}-1`];
          if (isReady(last)) simulation.start(first);
          simulation.start(last);
        }
        converge(simulation, 1);
      }
      expect(converge(simulation)).toBeDefined();
      expect(simulation.pods.filter(isReady)).toHaveLength(6);
    },
  );

  test('brings two groups together that no longer know of each other', () => {
    const { pods } = new RedisSimulation(3, 2, false);
    fc.assert(
      fc.property(fc.subarray([...pods], { minLength: 1, maxLength: pods.length - 1 }), (group) => {
        const simulation = new RedisSimulation(3, 2, false);
        converge(simulation);
        simulation.writeKeys();
        const { members } = simulation.topology();
        for (const { pod } of members) {
          const others = members.filter((other) => group.includes(other.pod) !== group.includes(pod));
          for (const { view } of others) simulation.perform({ do: 'forget', on: pod, id: view?.id ?? '' });
        }
        expect(converge(simulation)).toContain('meet');
        expect(simulation.lostKeys()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['out', 3, 4],
    ['in', 4, 3],
    ['out by two', 3, 5],
    ['in by two', 5, 3],
  ])('scales %s without the loss of a key, wherever moves break off', (_name, from, to) => {
    fc.assert(
      fc.property(fc.array(breakOff, { maxLength: 12 }), (breaks) => {
        const simulation = new RedisSimulation(from, 2, false);
        converge(simulation);
        simulation.writeKeys();
        simulation.breaks = inTurn(breaks);
        simulation.scale(to, 2);
        expect(converge(simulation)).toContain('moveSlots');
        expect(simulation.pods).toHaveLength(to * 2);
        expect(simulation.lostKeys()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test('moves no more slots than it must', () => {
    const simulation = new RedisSimulation(3, 2, false);
    converge(simulation);
    simulation.scale(4, 2);
    let moved = 0;
    for (let pass = 0; pass < 20; pass++) {
      for (const action of decide(simulation.topology()).actions) {
        if (action.do === 'moveSlots') moved += slotsIn(action.ranges);
        simulation.perform(action);
      }
      for (let round = 0; round < 3; round++) simulation.gossip();
    }
    expect(moved).toBe(4096);
  });

  test.each([
    ['one member at a time, without volumes', false, 1],
    ['any members, with volumes', true, 8],
  ])('keeps every key when sizes change and pods are lost meanwhile: %s', (_name, persistent, atOnce) => {
    fc.assert(
      fc.property(fc.array(change(atOnce), { minLength: 1, maxLength: 4 }), (changes) => {
        const simulation = new RedisSimulation(3, 2, persistent);
        converge(simulation);
        simulation.writeKeys();
        for (const { shards, stopped, passesBefore, passesAway, breaks } of changes) {
          simulation.breaks = inTurn(breaks);
          simulation.scale(shards, 2);
          converge(simulation, passesBefore);
          const pods = stopped.map((index) => simulation.pods[index % simulation.pods.length] ?? '');
          for (const pod of pods) simulation.stop(pod);
          converge(simulation, passesAway);
          for (const pod of pods) simulation.start(pod);
          // The next pod is lost when the heir of this one is in sync.
          if (!persistent) converge(simulation);
        }
        expect(converge(simulation)).toBeDefined();
        expect(simulation.lostKeys()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps keys that had reached a node which is lost before it owns a slot', () => {
    const simulation = new RedisSimulation(3, 2, false);
    converge(simulation);
    simulation.writeKeys();
    simulation.scale(4, 2);
    simulation.breaks = () => ({ keys: 0, step: 3 });
    converge(simulation, 8);
    expect(simulation.lostKeys()).not.toEqual([]);
    simulation.stop('x-redis-3-0');
    converge(simulation, 4);
    simulation.start('x-redis-3-0');
    simulation.breaks = inTurn([]);
    expect(converge(simulation)).toBeDefined();
    expect(simulation.lostKeys()).toEqual([]);
  });

  test('serves every key without half the primaries, whose volumes do not come back, and takes them in later', () => {
    const simulation = new RedisSimulation(4, 2, true);
    converge(simulation);
    simulation.writeKeys();
    const lost = ['x-redis-0-0', 'x-redis-1-0'];
    for (const pod of lost) simulation.stop(pod);
    converge(simulation, 8);
    expect(simulation.lostKeys()).not.toEqual([]);
    simulation.awaits = false;
    converge(simulation, 8);
    expect(simulation.lostKeys()).toEqual([]);
    for (const pod of lost) simulation.start(pod);
    expect(converge(simulation)).toBeDefined();
    expect(simulation.lostKeys()).toEqual([]);
  });

  const [LOST, HEIR] = ['x-redis-1-0', 'x-redis-1-1'];
  const later = (simulation: RedisSimulation, rounds: number) => {
    for (let round = 0; round < rounds; round++) simulation.gossip();
  };
  test.each<[string, boolean, (simulation: RedisSimulation) => void]>([
    ['was out of sync for long', false, (simulation) => later(simulation, 20)],
    [
      'was never in sync',
      false,
      (simulation) => {
        simulation.stop(HEIR);
        converge(simulation, 4);
        simulation.start(HEIR);
        converge(simulation, 4);
      },
    ],
  ])('serves a shard again, empty, whose replica %s', (_why, persistent, happens) => {
    const simulation = new RedisSimulation(3, 2, persistent);
    converge(simulation);
    simulation.writeKeys();
    simulation.cutOff = new Set([HEIR]);
    happens(simulation);
    simulation.stop(LOST);
    later(simulation, 3);
    simulation.start(LOST);
    expect(converge(simulation)).toEqual(expect.arrayContaining(['takeover', 'addSlots']));
    const ofOthers = KEYS.filter((slot) => slot < 5461 || slot > 10921);
    expect(KEYS.filter((slot) => !simulation.lostKeys().includes(slot))).toEqual(ofOthers);
  });

  test.each([
    ['without volumes', false],
    ['with volumes', true],
  ])('is created without the pods that no node takes, and takes them in later, %s', (_name, persistent) => {
    const { pods } = new RedisSimulation(3, 2, persistent);
    fc.assert(
      fc.property(fc.subarray([...pods]), (away) => {
        const simulation = new RedisSimulation(3, 2, persistent);
        for (const pod of away) simulation.stop(pod);
        expect(converge(simulation, 6) ?? []).toEqual(away.length === 0 ? expect.anything() : []);
        simulation.awaits = false;
        converge(simulation, 12);
        const lacksShard = [0, 1, 2].some((shard) =>
          pods.filter((pod) => pod.includes(`-${shard}-`)).every((pod) => away.includes(pod)),
        );
        expect(assessHealth(simulation.topology()).slotsCovered).toBe(lacksShard ? 0 : 16_384);
        for (const pod of away) simulation.start(pod);
        expect(converge(simulation)).toBeDefined();
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['without volumes', false],
    ['with volumes', true],
  ])('loses no key for pods that the operator alone does not reach, %s', (_name, persistent) => {
    const { pods } = new RedisSimulation(3, 2, persistent);
    fc.assert(
      fc.property(fc.subarray([...pods]), fc.constantFrom(...pods), (hidden, stopped) => {
        const simulation = new RedisSimulation(3, 2, persistent);
        converge(simulation);
        simulation.writeKeys();
        simulation.hidden = new Set(hidden);
        converge(simulation, 8);
        expect(simulation.lostKeys()).toEqual([]);
        simulation.stop(stopped);
        converge(simulation, 8);
        simulation.start(stopped);
        converge(simulation, 8);
        expect(simulation.lostKeys()).toEqual([]);
        simulation.hidden = new Set();
        expect(converge(simulation)).toBeDefined();
        expect(simulation.lostKeys()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('serves a shard that begins anew while its other pod is not there', () => {
    const simulation = new RedisSimulation(3, 2, false);
    converge(simulation);
    for (const pod of [LOST, HEIR, 'x-redis-2-1']) simulation.stop(pod);
    converge(simulation, 4);
    simulation.start(HEIR);
    converge(simulation, 4);
    expect(assessHealth(simulation.topology()).slotsCovered).toBeLessThan(16_384);
    simulation.awaits = false;
    converge(simulation, 8);
    expect(assessHealth(simulation.topology()).slotsCovered).toBe(16_384);
    for (const pod of [LOST, 'x-redis-2-1']) simulation.start(pod);
    expect(converge(simulation)).toBeDefined();
  });

  test('keeps the keys of a shard whose replica stood in vain until Redis let it stand no more', () => {
    const simulation = new RedisSimulation(3, 2, true);
    converge(simulation);
    simulation.writeKeys();
    for (const pod of [LOST, 'x-redis-2-0']) simulation.stop(pod);
    converge(simulation, 8);
    simulation.start('x-redis-2-0');
    converge(simulation, 2);
    expect(simulation.lostKeys()).not.toEqual([]);
    simulation.awaits = false;
    converge(simulation, 4);
    expect(simulation.lostKeys()).toEqual([]);
  });

  test('gives a shard slots again whose pods come back with their volumes when other shards have got its slots', () => {
    const simulation = new RedisSimulation(3, 2, true);
    converge(simulation);
    for (const pod of [LOST, HEIR]) simulation.stop(pod);
    simulation.awaits = false;
    simulation.scale(5, 2);
    converge(simulation, 8);
    expect(assessHealth(simulation.topology()).slotsCovered).toBe(16_384);
    for (const pod of [LOST, HEIR]) simulation.start(pod);
    expect(converge(simulation)).toBeDefined();
  });

  test('adds and takes away replicas', () => {
    const simulation = new RedisSimulation(3, 2, false);
    converge(simulation);
    simulation.writeKeys();
    simulation.scale(3, 3);
    expect(converge(simulation)).toContain('replicate');
    simulation.scale(3, 1);
    expect(converge(simulation)).toBeDefined();
    expect(simulation.lostKeys()).toEqual([]);
  });

  test('takes in again what was taken away, with the volumes of then', () => {
    const size = fc.record({
      shards: fc.integer({ min: 3, max: 5 }),
      members: fc.integer({ min: 1, max: 3 }),
      /** Whether it is the size with which an AuthCluster is made again, after the former was deleted. */
      adopted: fc.boolean(),
      passes: fc.constantFrom(0, 2, 60),
      moved: fc.array(fc.nat({ max: 9 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(size, { minLength: 2, maxLength: 5 }), (sizes) => {
        const simulation = new RedisSimulation(3, 2, true);
        converge(simulation);
        simulation.writeKeys();
        for (const { shards, members, adopted, passes, moved } of sizes) {
          if (adopted) {
            simulation.removeShards(shards);
            for (const pod of simulation.pods) simulation.stop(pod);
            for (let round = 0; round < 3; round++) simulation.gossip();
            for (const pod of simulation.pods) simulation.start(pod);
          }
          simulation.scale(shards, members);
          converge(simulation, passes);
          for (const index of moved) {
            const pod = simulation.pods[index % simulation.pods.length] ?? '';
            simulation.stop(pod);
            simulation.start(pod);
          }
        }
        expect(converge(simulation)).toBeDefined();
      }),
      {
        numRuns: 60,
        // An emptied shard was kept for a former member of it, which thought that it had slots.
        examples: [
          [
            [
              { shards: 4, members: 2, adopted: true, passes: 2, moved: [] },
              { shards: 4, members: 1, adopted: false, passes: 60, moved: [0] },
              { shards: 3, members: 2, adopted: false, passes: 2, moved: [6] },
            ],
          ],
        ],
      },
    );
  });
});
