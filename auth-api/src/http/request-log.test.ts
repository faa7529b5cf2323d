import { expect, test } from '@jest/globals';
import { createLog } from '../observability/log.ts';
import { createRequestLog } from './request-log.ts';

function logged(sampleRate: number, randoms: number[], status = 200): unknown[] {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  const answered = createRequestLog({ log, sampleRate, random: () => randoms.shift() ?? 0, nowMs: () => 0 });
  for (let left = randoms.length; left > 0; left -= 1) {
    answered({ operation: 'login', method: 'POST', status, durationMs: 12.4 });
  }
  return lines.map((line) => JSON.parse(line));
}

test('a request has one line', () => {
  expect(logged(1, [0.999])).toEqual([
    {
      level: 'info',
      time: expect.any(String),
      method: 'POST',
      operation: 'login',
      status: 200,
      duration_ms: 12,
      message: 'answered',
    },
  ]);
});

test('of many a share is logged', () => {
  expect(logged(0.25, [0, 0.2, 0.25, 0.9])).toHaveLength(2);
  expect(logged(0, [0, 0.5])).toHaveLength(0);
});

test('what failed here is logged', () => {
  expect(logged(0, [0.5, 0.5], 503)).toHaveLength(2);
});

test('of more failures than there may be lines in a second a share is logged', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  let nowMs = 0;
  const answered = createRequestLog({ log, sampleRate: 0.01, random: () => 0.5, nowMs: () => nowMs });
  const fail = () => answered({ operation: 'verify', method: 'GET', status: 503, durationMs: 1 });
  for (let failure = 0; failure < 5_000; failure += 1) fail();
  expect(lines).toHaveLength(100);
  nowMs = 1_000;
  fail();
  expect(lines).toHaveLength(101);
});

test('secrets are not written, however deep they stand', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  log.info({ password: 'secret-1', body: { refresh_token: 'secret-2' }, request: { headers: { cookie: 'secret-3' } } });
  log.info({ answer: { headers: { 'set-cookie': 'secret-4' } }, headers: { 'set-cookie': 'secret-5' } });
  expect(lines.join()).not.toContain('secret-');
});
