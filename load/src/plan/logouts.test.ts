import { expect, test } from '@jest/globals';
import { apiBehaviour } from './api-tier.ts';
import { DEFAULT_CALIBRATION, parseCalibration } from './calibration.ts';
import { tierWork } from './cost.ts';
import { parsePlanOptions } from './options.ts';
import { plan } from './plan.ts';
import { peakWorkload } from './workload.ts';

const requestOf = (...options: string[]) =>
  parsePlanOptions(['--users=10000000', '--peak-logins=2000', ...options]).request;
const withLogouts = (share: number) => requestOf(`--logout-share=${share}`);
const { hashing } = requestOf().demand;
const workWith = (share: number) => tierWork(peakWorkload(withLogouts(share).demand), DEFAULT_CALIBRATION, hashing);

test('log-outs end every session unless it is said how many, and cost each tier what a log-out does there', () => {
  expect(tierWork(peakWorkload(requestOf().demand), DEFAULT_CALIBRATION, hashing)).toEqual(workWith(1));
  const [all, half, none] = [workWith(1), workWith(0.5), workWith(0)];
  const { api, gateway } = DEFAULT_CALIBRATION;
  expect(all.apiMs - none.apiMs).toBeCloseTo(2000 * api.logoutMs, 6);
  expect(all.gatewayMs - none.gatewayMs).toBeCloseTo(2000 * gateway.requestMs, 6);
  expect(all.primaryWrites - half.primaryWrites).toBeCloseTo(1000, 6);
  expect(all.primaryReads - half.primaryReads).toBeCloseTo(1000, 6);
  expect(all.redisCommands - half.redisCommands).toBeCloseTo(4000, 6);
  expect(none.announcementsPerSecond).toBe(0);
});

test('log-outs are heard by every pod, which takes a share of its main thread however many there are', () => {
  const pods = { podCores: 4, queueLength: 8, hashing };
  const threadOf = (replicas: number, share: number) => {
    const work = { ...workWith(share), apiMs: 0 };
    return apiBehaviour({ ...pods, replicas }, work, DEFAULT_CALIBRATION, 5).mainThreadUtilisation;
  };
  const shareOf = (replicas: number) => threadOf(replicas, 1) - threadOf(replicas, 0);
  expect(shareOf(100)).toBeCloseTo((2000 * DEFAULT_CALIBRATION.api.logoutHeardMs) / 1000, 9);
  expect(shareOf(200)).toBeCloseTo(shareOf(100), 9);
});

test('log-outs that take a shard of Redis too much to tell of are a reason to split', () => {
  const calibration = parseCalibration({ redis: { deliveryMicroseconds: 2 } });
  expect(plan(withLogouts(0), calibration).clusters).toBe(1);
  const split = plan(withLogouts(1), calibration);
  expect(split.splitBecause).toEqual(['% of a Redis thread that tells pods of log-outs: 48, at most 30']);
  expect(split.clusters).toBe(2);
});

test('log-outs leave their events in the audit log', () => {
  const [all, none] = [1, 0].map((share) => peakWorkload(withLogouts(share).demand));
  expect((all?.storedAuditEvents ?? 0) - (none?.storedAuditEvents ?? 0)).toBeCloseTo(1e6 * 396, 0);
});
