import { expect, test } from '@jest/globals';
import { scaledShape } from '../../scenarios/scenario-shapes.ts';
import { DEFAULT_CALIBRATION } from '../plan/calibration.ts';
import { evaluated, type PlayedRun } from './evaluation.ts';
import type { RequestInterval } from './request-series.ts';
import { parseRunOptions } from './run-options.ts';

const EVERY_SECONDS = 10;
const scales = { scale: 0.01, timeScale: 0.1 };

/** A run of three minutes with 100 checks a second, and what was seen of its caches. */
function played(caches: { memoryHits: number; memoryMisses: number; cacheHits: number }): PlayedRun {
  const shape = scaledShape('normal-login', scales);
  const times = Array.from({ length: shape.durationSeconds / EVERY_SECONDS }, (_, index) => index * EVERY_SECONDS);
  const verify = { requests: 100 * EVERY_SECONDS, failed: 0, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
  return {
    options: parseRunOptions(['--scenario=normal-login']),
    shape,
    calibration: DEFAULT_CALIBRATION,
    startedAtMs: 0,
    summary: { metrics: {} },
    intervals: times.map((atSeconds): RequestInterval => {
      return { atSeconds, seconds: EVERY_SECONDS, users: 100, endpoints: { verify } };
    }),
    samples: times.map((atSeconds) => ({
      atSeconds,
      api: {
        ...{ pods: 1, cpuSeconds: atSeconds, memoryMib: 100, cacheMisses: 0 },
        cacheHits: caches.cacheHits * atSeconds,
        memoryHits: caches.memoryHits * atSeconds,
        memoryMisses: caches.memoryMisses * atSeconds,
      },
    })),
  };
}

test('checks that the shared tier answers are modelled as such, though they are cache hits', () => {
  const { verifyHitMs, verifyMissMs, idleMillicores } = DEFAULT_CALIBRATION.api;
  const { totals } = evaluated(played({ memoryHits: 25, memoryMisses: 75, cacheHits: 100 }));
  expect(totals).toMatchObject({ cacheHitShare: 1, memoryHitShare: 0.25 });
  const expectedMs = 25 * verifyHitMs + 75 * verifyMissMs + idleMillicores;
  expect(totals.predictedApiCpuCores).toBeCloseTo(expectedMs / 1000, 9);
});
