import { describe, expect, test } from '@jest/globals';
import { ParameterChecks, type ParameterSeen } from './parameter-checks.ts';

const MINUTE_MS = 60_000;
const WORK_MEM: ParameterSeen = {
  ...{ name: 'work_mem', type: 'integer', unit: 'kB', least: '64', most: '2147483647', choices: null },
  ...{ written: '64MB', error: null, pendingRestart: false },
};

function checks() {
  const clock = { nowMs: 0 };
  return { clock, checks: new ParameterChecks(() => clock.nowMs) };
}

/** What is told of one parameter once it was looked at. */
function refused(wanted: string, seen: Partial<ParameterSeen>): readonly string[] {
  const { checks: looked } = checks();
  const parameter = { ...WORK_MEM, ...seen };
  looked.due('k', { [parameter.name]: wanted });
  looked.saw('k', [parameter]);
  return looked.refused('k');
}

describe('a parameter of the spec', () => {
  const mismatch = { error: 'setting could not be applied' };
  test.each<[string, string, Partial<ParameterSeen>]>([
    ['is as asked for', '64MB', {}],
    ['waits for a restart', '64MB', { ...mismatch, pendingRestart: true }],
    ['is a text, which the file may have in another form', "a'b", { type: 'string', written: 'a b' }],
    ['is of an extension that is not loaded', '1', { name: 'timescaledb.x', type: null, written: '1' }],
  ])('is in order when it %s', (_when, wanted, seen) => {
    expect(refused(wanted, seen)).toEqual([]);
  });

  test.each<[string, string, Partial<ParameterSeen>, string]>([
    [
      'nobody knows',
      '64MB',
      { name: 'wrok_mem', type: null, written: null },
      'spec.postgres.parameters.wrok_mem: PostgreSQL has no such parameter: correct the name, or remove it',
    ],
    [
      'has no number for a value',
      'banana',
      { written: null },
      'spec.postgres.parameters.work_mem: "banana" is left out by Patroni: allowed are 64 to 2147483647 (in kB, or with a unit)',
    ],
    ['is out of bounds', '1kB', { written: '64' }, 'Patroni takes 64 for "1kB": allowed are 64 to 2147483647'],
    [
      'is less than Patroni takes',
      '10',
      { name: 'max_locks_per_transaction', unit: null, least: '10', written: '64' },
      'Patroni takes 64 for "10": allowed are 32 to 2147483647',
    ],
    [
      'is not on or off',
      'perhaps',
      { name: 'jit', type: 'bool', written: null },
      '"perhaps" is left out by Patroni: on and off',
    ],
    [
      'is none of the choices',
      'x',
      { name: 'log_statement', type: 'enum', choices: ['none', 'all'], written: null },
      'none, all are allowed',
    ],
    [
      'PostgreSQL refuses',
      'x',
      { ...mismatch, name: 'log_destination', type: 'string', written: 'x' },
      'PostgreSQL refuses "x" (setting could not be applied), and would not start with it: see the documentation',
    ],
    ['is long', 'x'.repeat(200), { written: null }, `"${'x'.repeat(60)}…"`],
  ])('that %s is told, with what is allowed', (_what, wanted, seen, words) => {
    expect(refused(wanted, seen)).toEqual([expect.stringContaining(words)]);
  });
});

describe('when parameters are looked at', () => {
  test('a change has a minute to come to the primary, and what was taken is not looked at again', () => {
    const { checks: looked, clock } = checks();
    expect(looked.due('k', { work_mem: '64MB' })).toEqual([]);
    clock.nowMs += MINUTE_MS - 1;
    expect(looked.due('k', { work_mem: '64MB' })).toEqual([]);
    clock.nowMs += 1;
    expect(looked.due('k', { work_mem: '64MB' })).toEqual(['work_mem']);
    looked.saw('k', [WORK_MEM]);
    clock.nowMs += 10 * MINUTE_MS;
    expect(looked.due('k', { work_mem: '64MB' })).toEqual([]);
  });

  test('what was refused is looked at each minute, and told no more once the spec is another', () => {
    const { checks: looked, clock } = checks();
    looked.due('k', { work_mem: 'banana' });
    clock.nowMs += MINUTE_MS;
    looked.saw('k', [{ ...WORK_MEM, written: null }]);
    expect(looked.refused('k')).toHaveLength(1);
    expect(looked.due('k', { work_mem: 'banana' })).toEqual([]);
    clock.nowMs += MINUTE_MS;
    expect(looked.due('k', { work_mem: 'banana' })).toEqual(['work_mem']);
    expect(looked.refused('k')).toHaveLength(1);
    expect(looked.due('k', { work_mem: '64MB' })).toEqual([]);
    expect(looked.refused('k')).toEqual([]);
  });

  test('there is nothing to look at without parameters', () => {
    const { checks: looked, clock } = checks();
    looked.due('k', {});
    clock.nowMs += MINUTE_MS;
    expect(looked.due('k', {})).toEqual([]);
  });
});
