import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { apiBehaviour, hashingWorkers, idleBehaviour, queueLengthFor } from './api-tier.ts';
import { authClusterResource, redisLimitMib } from './auth-cluster-spec.ts';
import { type Calibration, DEFAULT_CALIBRATION, hashMs, parseCalibration } from './calibration.ts';
import { overdrawnFields } from './connection-budget.ts';
import { tierWork } from './cost.ts';
import { parsePlanOptions } from './options.ts';
import { type Plan, plan } from './plan.ts';
import { amount, planReport, specText } from './plan-report.ts';
import { type PlanRequest, peakWorkload } from './workload.ts';

const requestOf = (options: Record<string, string | number>) =>
  parsePlanOptions(Object.entries(options).map(([name, value]) => `--${name}=${value}`)).request;

const large = requestOf({ users: 10_000_000, 'peak-logins': 2000 });

/** The message, where it is refused. */
function planOrRefusal(request: PlanRequest, calibration: Calibration): Plan | string {
  try {
    return plan(request, calibration);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Pods that use nothing but for requests make sums easy to check by hand. */
const restful = parseCalibration({ api: { idleMillicores: 1e-9, logoutHeardMs: 1e-9 } });

describe('a plan', () => {
  test('has the replicas at which hashing uses the wanted share of CPU', () => {
    const { deployment, workload } = plan(large, restful);
    const work = tierWork(workload, restful, deployment.api.hashing);
    const cores = deployment.api.replicas.peak * deployment.api.podCores;
    expect((work.hashingMs + work.apiMs) / 1000 / cores).toBeLessThanOrEqual(0.5);
    expect((work.hashingMs + work.apiMs) / 1000 / (cores - deployment.api.podCores)).toBeGreaterThan(0.5);
  });

  test('is split where one AuthCluster would exceed what the resource allows, and says why', () => {
    const made = plan(requestOf({ users: 100_000_000, 'peak-logins': 20_000 }), DEFAULT_CALIBRATION);
    expect(made.clusters).toBeGreaterThan(1);
    expect(made.splitBecause.join()).toMatch(/auth API pods: \d+, at most 200/);
    expect(made.deployment.api.replicas.max).toBeLessThanOrEqual(200);
  });

  test('meets its targets, and its connections add up, or is refused by the target that is in the way', () => {
    const asked = fc.record({
      users: fc.integer({ min: 1000, max: 100_000_000 }),
      'peak-logins': fc.double({ min: 0.1, max: 5000, noNaN: true }),
      'api-cores': fc.constantFrom(0.5, 0.7, 1, 2, 4, 8),
      'api-cpu': fc.double({ min: 0.1, max: 0.95, noNaN: true }),
      'login-p95-ms': fc.integer({ min: 50, max: 2000 }),
      'hash-algorithm': fc.constantFrom('bcrypt', 'argon2id'),
      'verify-every': fc.double({ min: 1, max: 60, noNaN: true }),
    });
    const idleMillicores = fc.constantFrom(15, 60, 300, 700);
    fc.assert(
      fc.property(asked, idleMillicores, (options, idle) => {
        const calibration = parseCalibration({ api: { idleMillicores: idle } });
        const request = requestOf(options);
        const found = planOrRefusal(request, calibration);
        if (typeof found === 'string') {
          expect(found).toMatch(/^(api-cpu|server-cpu|login-p95-ms): .* cannot be met|^peak-logins: even/);
          return;
        }
        const { deployment, behaviour } = found;
        expect(behaviour.loginP95Ms).toBeLessThanOrEqual(request.targets.loginP95Ms);
        expect(behaviour.refusedShare).toBeLessThanOrEqual(request.targets.refusedShare);
        const most = Math.max(0.6, request.targets.apiUtilisation);
        for (const { utilisation } of behaviour.tiers) expect(utilisation).toBeLessThanOrEqual(most + 0.01);
        const { api, postgres } = deployment;
        expect(overdrawnFields({ ...api, ...postgres, maxReplicas: api.replicas.max })).toEqual([]);
        expect(postgres.maxConnections).toBeLessThanOrEqual(5000);
      }),
      { numRuns: 120 },
    );
  });

  test('never shrinks when more is asked', () => {
    const sizes = (logins: number) => {
      const { deployment } = plan(requestOf({ users: 1_000_000, 'peak-logins': logins }), DEFAULT_CALIBRATION);
      const { api, gateway, postgres, redis } = deployment;
      return [api.replicas.peak, gateway.replicas.peak, postgres.cores, postgres.maxConnections, redis.shards];
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 500 }), (logins, more) => {
        const [less, grown] = [sizes(logins), sizes(logins + more)];
        for (const [index, size] of less.entries()) expect(grown[index]).toBeGreaterThanOrEqual(size);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['hash-cost', { 'hash-cost': 14 }, 15, /^login-p95-ms: 500 ms cannot be met.*840 ms for bcrypt/],
    [
      'half a core',
      { 'api-cores': 0.5, 'login-p95-ms': 150 },
      15,
      /^login-p95-ms: .*105 ms .* longer on 0.5 of a core/,
    ],
    ['much that an idle pod does', { 'api-cpu': 0.1 }, 450, /^api-cpu: 0.1 .* 450 millicores, 0.113 of 4 cores/],
    ['much on its main thread', { 'api-cores': 8 }, 700, /^server-cpu: 0.6 .* 0.700 of one thread/],
  ])(
    'says which target no number of pods meets for %s, and from where on one does',
    (_, asked, idleMillicores, message) => {
      const calibration = parseCalibration({ api: { idleMillicores } });
      const options = { users: 1000, 'peak-logins': 1, ...asked };
      const refusal = planOrRefusal(requestOf(options), calibration);
      expect(refusal).toMatch(message);
      const [, option = '', , possible = ''] = /^([\w-]+): (.*)raise it to ([\d.]+)/.exec(String(refusal)) ?? [];
      expect(planOrRefusal(requestOf({ ...options, [option]: possible }), calibration)).toHaveProperty('deployment');
    },
  );

  test('is refused where idle pods take all there is, however many cores they are given', () => {
    const calibration = parseCalibration({ api: { idleMillicores: 2000 } });
    expect(planOrRefusal(requestOf({ users: 1000, 'peak-logins': 1, 'api-cores': 1 }), calibration)).toMatch(
      /^api-cpu: .* 2000 millicores, 1.000 of 1 cores: give pods more api-cores$/,
    );
  });

  test('has no more users active than there are, and says when all of them are', () => {
    const reportOf = (users: number) => {
      const request = requestOf({ users, 'peak-logins': 10 });
      const made = plan(request, DEFAULT_CALIBRATION);
      return { active: made.workload.activeUsers, report: planReport(made, request, DEFAULT_CALIBRATION, 'x') };
    };
    const note = /all 5000 users are active at once: 10 logins\/s would make 9000 within the 15 min .*--active-minutes/;
    expect(reportOf(5000)).toMatchObject({ active: 5000, report: expect.stringMatching(note) });
    expect(reportOf(9000)).toMatchObject({ active: 9000, report: expect.not.stringMatching('active at once: 10') });
  });

  test('names what is full next first', () => {
    const { behaviour } = plan(large, DEFAULT_CALIBRATION);
    const factors = behaviour.tiers.map(({ fullAtTimes }) => fullAtTimes);
    expect(factors).toEqual([...factors].sort((a, b) => a - b));
    const report = planReport(plan(large, DEFAULT_CALIBRATION), large, DEFAULT_CALIBRATION, 'x');
    expect(report).toContain(`Full next\n  ${behaviour.tiers[0]?.tier}`);
  });
});

describe('the auth API', () => {
  const work = tierWork(peakWorkload(large.demand), DEFAULT_CALIBRATION, large.demand.hashing);

  test('hashes slower where its main thread is busy', () => {
    const pods = { podCores: 4, queueLength: 8, hashing: large.demand.hashing, replicas: 105 };
    const idle = apiBehaviour(pods, { ...work, apiMs: 0 }, restful, 5);
    const busy = apiBehaviour(pods, { ...work, apiMs: 0.8 * 105 * 1000 }, restful, 5);
    expect(busy.hashingLoad / idle.hashingLoad).toBeCloseTo(4 / 3.2, 6);
    expect(busy.loginP95Ms).toBeGreaterThan(idle.loginP95Ms);
  });

  test('is full at as many logins as its cores can hash', () => {
    const pods = { podCores: 2, queueLength: 4, hashing: { algorithm: 'bcrypt', cost: 11 } as const, replicas: 1 };
    const asked = { ...work, apiMs: 0, hashesPerSecond: 1000, hashingMs: 105_000 };
    const { refusedShare, cpuUtilisation } = apiBehaviour(pods, asked, restful, 0);
    expect(1000 * (1 - refusedShare)).toBeCloseTo(2000 / 105, 1);
    expect(cpuUtilisation).toBeCloseTo(1, 3);
  });

  test('hashes as slowly as its part of a core lets it, and queues accordingly', () => {
    const pod = { podCores: 0.5, hashing: large.demand.hashing };
    expect(idleBehaviour(pod, restful, 5).hashMs).toBeCloseTo(210, 6);
    const half = requestOf({ users: 1000, 'peak-logins': 1, 'api-cores': 0.5, 'login-p95-ms': 700 });
    expect(plan(half, restful).deployment.api.queueLength).toBe(4);
  });

  test('queues no longer than the last in it can wait, but for peaks, for a second at the most', () => {
    expect(queueLengthFor(1, 100, 500, 0)).toBe(10);
    expect(queueLengthFor(1, 250, 500, 0)).toBe(4);
    expect(queueLengthFor(4, 100, 500, 0)).toBe(16);
    expect(queueLengthFor(4, 1000, 500, 0)).toBe(4);
    expect(hashingWorkers(0.5)).toBe(1);
  });
});

describe('what is given', () => {
  test.each([
    [['--users=10'], 'peak-logins is missing'],
    [['--users=x', '--peak-logins=1'], "users must be a number, such as 1000 or 0.5, not 'x'"],
    [['--users=1e11', '--peak-logins=1'], 'users must be from 1 to 10000000000, not 100000000000'],
    [['--users=10', '--peak-logins=1,000'], "peak-logins must be a number, such as 1000 or 0.5, not '1,000'"],
    [['--users=10', '--peak-logins='], "peak-logins must be a number, such as 1000 or 0.5, not ''"],
    [
      ['--users=10', '--peak-logins=1', '--name=My Cluster'],
      "begin with a letter and hold only lower-case letters, digits and dashes, not 'My",
    ],
    [['--users=1.5', '--peak-logins=1'], 'users must be a whole number'],
    [['--users=10', '--peak-logins=-1'], 'peak-logins must be from 0.01'],
    [['--users=10', '--peak-logins=1', '--hash-algorithm=md5'], 'hash-algorithm must be one of bcrypt, argon2id'],
    [['--users=10', '--peak-logins=1', '--hash-algorithm=argon2id', '--hash-cost=10'], 'hash-cost must be at least 11'],
    [['--users=10', '--peak-logins=1', '--access-lifetime=90.5'], 'access-lifetime must be a whole number, not 90.5'],
    [
      ['--users=10', '--peak-logins=1', '--access-lifetime=86400', '--session-days=1'],
      'access-lifetime must be shorter than session-days',
    ],
    [['--users=10', '--peak-logins=1', '--cores=4'], "Unknown option '--cores'"],
  ])('%j is refused: %s', (args, message) => {
    expect(() => plan(parsePlanOptions(args).request, DEFAULT_CALIBRATION)).toThrow(RangeError);
    expect(() => plan(parsePlanOptions(args).request, DEFAULT_CALIBRATION)).toThrow(message);
  });

  test('a calibration keeps defaults for what it leaves out, and is checked by field', () => {
    const calibration = parseCalibration({ hashing: { bcryptMs: 60 } });
    expect(hashMs(calibration, { algorithm: 'bcrypt', cost: 12 })).toBe(120);
    expect(calibration.redis).toEqual(DEFAULT_CALIBRATION.redis);
    expect(() => parseCalibration({ api: { loginMs: -1 } })).toThrow('api.loginMs must be a positive number, not -1');
    expect(() => parseCalibration({ api: { login: 1 } })).toThrow('api.login is unknown; there are loginMs');
    expect(() => parseCalibration({ api: 3 })).toThrow('api must be an object');
  });
});

describe('what is printed', () => {
  test('is a resource whose quantities the API server takes', () => {
    const { deployment } = plan(requestOf({ users: 5000, 'peak-logins': 1, 'api-cores': 0.5 }), DEFAULT_CALIBRATION);
    const { spec } = authClusterResource('small', deployment, large);
    expect(spec.api).toMatchObject({ resources: { limits: { cpu: '500m' } }, hashing: { workers: 1 } });
    expect(redisLimitMib(256)).toBeGreaterThanOrEqual(256 * 1.25 + 32);
    expect(redisLimitMib(100_000)).toBeGreaterThanOrEqual(100_000 * 1.25 + 32);
  });

  test('has tokens live as long as it was planned with', () => {
    const request = requestOf({ users: 5000, 'peak-logins': 1, 'session-days': 7, 'access-lifetime': 900 });
    const { spec } = parse(specText(plan(request, DEFAULT_CALIBRATION), request, 'short'));
    expect(spec.api.tokens).toEqual({ accessLifetimeSeconds: 900, refreshLifetimeSeconds: 7 * 86_400 });
  });

  test('keeps the audit log for as long as there is storage for it', () => {
    const planned = (days: number) => {
      const request = requestOf({ users: 10_000_000, 'peak-logins': 2000, 'audit-days': days });
      return parse(specText(plan(request, DEFAULT_CALIBRATION), request, 'audited'));
    };
    const [month, year] = [planned(30), planned(365)];
    expect([month, year].map(({ spec }) => spec.api.auditRetentionDays)).toEqual([30, 365]);
    const gib = ({ spec }: { spec: { postgres: { storage: { size: string } } } }) =>
      Number.parseInt(spec.postgres.storage.size, 10);
    // 335 days of a million logins, each 2.1 events of 500 bytes.
    expect(Math.abs(gib(year) - gib(month) - (335 * 2.1e6 * 500) / 2 ** 30)).toBeLessThanOrEqual(5);
  });

  test('counts as people do', () => {
    expect([0, 9.25, 250, 9999, 12_345, 1_800_000, 1.2e10].map(amount)).toEqual([
      '0',
      '9.3',
      '250',
      '9999',
      '12.3 k',
      '1.8 M',
      '12 G',
    ]);
  });
});
