import { describe, expect, test } from '@jest/globals';
import { NO_TRAFFIC, type Traffic } from './traffic.ts';
import { TrafficWindow } from './traffic-window.ts';

const served = (requests: number): Traffic => ({ ...NO_TRAFFIC, requests });

/** Requests within the window after these samples: seconds, and requests that each pod has counted by then. */
function requests(...samples: [seconds: number, counted: Record<string, number>][]): number | undefined {
  const window = new TrafficWindow();
  for (const [seconds, counted] of samples) {
    window.add(seconds * 1000, new Map(Object.entries(counted).map(([pod, count]) => [pod, served(count)])));
  }
  return window.traffic(20)?.requests;
}

describe('the traffic of the last two minutes', () => {
  test('is what all pods have counted since its beginning', () => {
    expect(requests([0, { a: 1000, b: 500 }], [10, { a: 1010, b: 505 }])).toBe(15);
  });

  test('leaves out what came before it', () => {
    expect(requests([0, { a: 0 }], [60, { a: 100 }], [121, { a: 130 }])).toBe(130);
    expect(requests([0, { a: 0 }], [60, { a: 100 }], [120, { a: 115 }], [181, { a: 130 }])).toBe(30);
  });

  test('counts a new pod from zero, and one that began anew as if it had answered nothing', () => {
    expect(requests([0, { a: 10 }], [10, { a: 20, b: 5 }])).toBe(15);
    expect(requests([0, { a: 10 }], [10, { a: 3 }])).toBe(0);
  });

  test('begins anew with each rollout, whatever pods had answered before', () => {
    expect(requests([0, { a: 10 }], [3600, { b: 9000 }])).toBeUndefined();
    expect(requests([0, { a: 10 }], [3600, { a: 9000 }])).toBeUndefined();
    expect(requests([0, { a: 10 }], [60, { b: 900 }], [70, { b: 905 }])).toBe(5);
    expect(requests([0, { a: 10 }], [3600, { b: 9000 }], [3610, { b: 9007 }])).toBe(7);
  });

  test('is not known from a single look, nor from two in a moment', () => {
    expect(requests([0, { a: 1 }])).toBeUndefined();
    expect(requests([0, { a: 1 }], [4, { a: 2 }])).toBeUndefined();
  });

  test.each([
    [6, 0, true],
    [6, 19, false],
    [6, 20, true],
    [29, 1, false],
    [30, 1, true],
  ])('after %d s with %d logins of 20 is known: %s', (seconds, logins, known) => {
    const window = new TrafficWindow();
    window.add(0, new Map([['a', NO_TRAFFIC]]));
    window.add(seconds * 1000, new Map([['a', { ...NO_TRAFFIC, logins }]]));
    expect(window.traffic(20) !== undefined).toBe(known);
  });
});
