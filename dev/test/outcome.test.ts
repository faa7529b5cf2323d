import { describe, expect, test } from '@jest/globals';
import { outcomeOfGo } from './go-report.ts';
import { failedFiles, type JestFile, outcomeOfJest, replaced } from './jest-report.ts';
import { countsLine, failure, refuseEmpty, skip, sum } from './outcome.ts';

const nothing = { passed: 0, failed: 0, skipped: 0, notes: [] };

describe('outcomes of layers', () => {
  test('add up to the line that ends a run', () => {
    const passed = { ...nothing, passed: 3 };
    expect(countsLine(sum([passed, failure('x'), skip('y')]))).toBe('3 passed, 1 failed, 1 skipped');
  });

  test('a layer that ran no test fails', () => {
    expect(refuseEmpty(nothing)).toMatchObject({ failed: 1, notes: ['ran no test'] });
    expect(refuseEmpty({ ...nothing, skipped: 1 }).failed).toBe(0);
  });
});

describe('a Jest report', () => {
  const file = (name: string, ...statuses: string[]): JestFile => ({
    name,
    status: statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map((status, index) => ({ status, fullName: `${name} ${index}` })),
  });

  test('counts skipped and planned tests as skipped', () => {
    const report = { testResults: [file('a.test.ts', 'passed', 'passed', 'pending', 'todo')] };
    expect(outcomeOfJest(report)).toMatchObject({ passed: 2, failed: 0, skipped: 2 });
  });

  test('counts a file that cannot be loaded as a failure', () => {
    const broken: JestFile = { name: 'a.test.ts', status: 'failed', assertionResults: [] };
    expect(outcomeOfJest({ testResults: [broken] })).toMatchObject({
      failed: 1,
      notes: ['a.test.ts could not be run'],
    });
  });

  test('counts of a file that was run again what came of it then', () => {
    const report = { testResults: [file('a.test.ts', 'passed', 'failed'), file('b.test.ts', 'passed')] };
    expect(failedFiles(report)).toEqual(['a.test.ts']);
    const whole = outcomeOfJest(replaced(report, { testResults: [file('a.test.ts', 'passed', 'passed')] }));
    expect(whole).toMatchObject({ passed: 3, failed: 0 });
    expect(outcomeOfJest(replaced(report, report))).toMatchObject({ passed: 2, failed: 1 });
  });
});

describe('a Go report', () => {
  const lines = (...events: object[]) => events.map((event) => JSON.stringify(event)).join('\n');

  test('counts tests, not packages', () => {
    const output = lines(
      { Action: 'run', Package: 'podnet', Test: 'TestA' },
      { Action: 'pass', Package: 'podnet', Test: 'TestA' },
      { Action: 'skip', Package: 'podnet', Test: 'TestB' },
      { Action: 'pass', Package: 'podnet' },
    );
    expect(outcomeOfGo(output)).toMatchObject({ passed: 1, failed: 0, skipped: 1 });
  });

  test('counts a package that does not compile as a failure', () => {
    expect(outcomeOfGo(lines({ Action: 'fail', Package: 'podnet' }))).toMatchObject({
      failed: 1,
      notes: ['podnet could not be tested'],
    });
  });
});
