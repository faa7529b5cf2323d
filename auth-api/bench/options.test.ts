import { describe, expect, test } from '@jest/globals';
import { BenchUsageError, parseBenchOptions } from './options.ts';

const all = ['verify-cpu', 'refresh', 'soak'] as const;
const parse = (...args: string[]) => parseBenchOptions(args, all);

describe('what is measured', () => {
  test.each([
    [[], ['verify-cpu', 'refresh']],
    [
      ['--only', 'refresh,verify-cpu'],
      ['verify-cpu', 'refresh'],
    ],
    [
      ['--soak-minutes', '10'],
      ['verify-cpu', 'refresh', 'soak'],
    ],
    [['--only', 'soak', '--soak-minutes', '10'], ['soak']],
    [['--only', 'refresh', '--soak-minutes', '10'], ['refresh']],
  ])('%j: %j', (args, names) => {
    expect(parse(...args).names).toEqual(names);
  });

  test('the numbers of a run', () => {
    const run = parse('--attempts', '200', '--cost', '11', '--soak-minutes', '0.5', '--json', 'out.json');
    expect(run).toMatchObject({ attempts: 200, cost: 11, soakMinutes: 0.5, jsonPath: 'out.json' });
  });
});

test.each([
  [['--only', 'refresh,verifycpu'], '--only takes verify-cpu, refresh, soak, not "verifycpu"'],
  [['--only', 'soak'], 'soak needs --soak-minutes above 0'],
  [['--attempts', 'many'], '--attempts must be a number from 10 to 100000, not "many"'],
  [['--cost', '31'], '--cost must be a number from 4 to 16, not "31"'],
])('%j is refused: nothing would be measured, or something else', (args, message) => {
  expect(() => parse(...args)).toThrow(new BenchUsageError(message));
});

test('an option that there is not is refused', () => {
  expect(() => parse('--round', '3')).toThrow(BenchUsageError);
});
