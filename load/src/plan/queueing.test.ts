import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom, simulateQueue } from '../testing/simulated-queue.ts';
import { boundedQueue, erlangB, erlangC, meanWaitMs, serversForWait } from './queueing.ts';

const fixed = { meanMs: 100, variability: 0 };
const exponential = { meanMs: 100, variability: 1 };

describe('published values', () => {
  // Erlang B tables: 10 circuits at 1 % blocking carry 4.461 E, 20 carry 12.03 E, 100 carry 84.06 E.
  test.each([
    [10, 4.461],
    [20, 12.03],
    [100, 84.06],
  ])('Erlang B of %i servers at %d erlangs is 1 %%', (servers, offered) => {
    expect(erlangB(servers, offered)).toBeCloseTo(0.01, 4);
  });

  test('Erlang C of one server is its load, of two a^2 / (2 + a)', () => {
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12);
    expect(erlangC(2, 1.5)).toBeCloseTo(1.5 ** 2 / 3.5, 12);
  });

  test('M/D/1 waits half of M/M/1 (Pollaczek-Khinchine)', () => {
    expect(meanWaitMs(1, 0.008, fixed)).toBeCloseTo((0.8 * 100) / (2 * 0.2), 9);
    expect(meanWaitMs(1, 0.008, exponential)).toBeCloseTo((0.8 * 100) / 0.2, 9);
  });

  test('M/M/1/K refuses (1 - r) r^K / (1 - r^(K+1))', () => {
    const load = 0.9;
    const { refusedShare } = boundedQueue({ servers: 1, places: 4 }, load / 100, exponential);
    expect(refusedShare).toBeCloseTo(((1 - load) * load ** 5) / (1 - load ** 6), 12);
  });

  test('a queue that cannot keep up waits for ever, and everybody waits', () => {
    expect(meanWaitMs(2, 0.02, exponential)).toBe(Number.POSITIVE_INFINITY);
    expect(erlangC(2, 2.5)).toBe(1);
  });
});

describe('a bounded queue of fixed times', () => {
  test.each([
    { servers: 1, places: 2, load: 0.7 },
    { servers: 2, places: 4, load: 0.8 },
    { servers: 2, places: 4, load: 1 },
    { servers: 2, places: 4, load: 1.3 },
    { servers: 4, places: 8, load: 0.9 },
    { servers: 4, places: 8, load: 1.1 },
    { servers: 8, places: 8, load: 0.95 },
  ])('agrees with simulation: $servers servers, $places places, load $load', ({ servers, places, load }) => {
    const arrivalsPerMs = (load * servers) / 100;
    const simulated = simulateQueue({ servers, places }, arrivalsPerMs, () => 100, {
      arrivals: 40_000,
      random: seededRandom(7),
    });
    const model = boundedQueue({ servers, places }, arrivalsPerMs, fixed);
    const p95 = simulated.waitsMs[Math.floor(0.95 * simulated.waitsMs.length)] ?? 0;
    expect(Math.abs(model.refusedShare - simulated.refusedShare)).toBeLessThan(0.02);
    expect(Math.abs(model.utilisation - simulated.utilisation)).toBeLessThan(0.02);
    // Half a service time is the grain of this approximation.
    expect(Math.abs(model.waitMsAt(0.95) - p95)).toBeLessThan(50);
  });
});

describe('rules that hold for every queue', () => {
  const queue = fc.record({
    servers: fc.integer({ min: 1, max: 64 }),
    places: fc.integer({ min: 0, max: 200 }),
    load: fc.double({ min: 0.05, max: 2, noNaN: true }),
    variability: fc.double({ min: 0, max: 2, noNaN: true }),
  });
  const behaviourOf = ({
    servers,
    places,
    load,
    variability,
  }: typeof queue extends fc.Arbitrary<infer T> ? T : never) =>
    boundedQueue({ servers, places }, (load * servers) / 100, { meanMs: 100, variability });

  test('shares are shares, and no accepted waits longer than the whole queue takes', () => {
    fc.assert(
      fc.property(queue, (given) => {
        const { refusedShare, utilisation, waitingShare, waitMsAt } = behaviourOf(given);
        for (const share of [refusedShare, utilisation, waitingShare]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
        expect(waitMsAt(0.99)).toBeLessThanOrEqual((given.places * 100) / given.servers + 1e-6);
        expect(waitMsAt(0.99)).toBeGreaterThanOrEqual(waitMsAt(0.5));
      }),
    );
  });

  test('more servers, more places or fewer arrivals never refuse more', () => {
    fc.assert(
      fc.property(queue, (given) => {
        const refused = behaviourOf(given).refusedShare;
        const spread = {
          ...given,
          servers: given.servers + 1,
          load: (given.load * given.servers) / (given.servers + 1),
        };
        for (const better of [spread, { ...given, places: given.places + 1 }, { ...given, load: given.load * 0.9 }]) {
          expect(behaviourOf(better).refusedShare).toBeLessThanOrEqual(refused + 1e-9);
        }
      }),
    );
  });

  test('what is refused and what is served add up to what arrives', () => {
    fc.assert(
      fc.property(queue, (given) => {
        const { refusedShare, utilisation } = behaviourOf(given);
        expect(utilisation).toBeCloseTo(Math.min(1, given.load * (1 - refusedShare)), 9);
      }),
    );
  });

  test('the fewest servers for a wait are enough, and one fewer is not', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 200, noNaN: true }), (offered) => {
        const servers = serversForWait(offered, 0.01);
        expect(erlangC(servers, offered)).toBeLessThanOrEqual(0.01);
        if (servers > 1) expect(erlangC(servers - 1, offered)).toBeGreaterThan(0.01);
      }),
    );
  });
});
