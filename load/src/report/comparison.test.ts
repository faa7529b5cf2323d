import { describe, expect, test } from '@jest/globals';
import { sampleRun } from '../testing/sample-run.ts';
import { comparisonReport, comparisonText, differences } from './comparison.ts';
import { checkComparable } from './conditions.ts';

describe('the comparison of two runs', () => {
  test('tells what got better and worse, and takes small changes for noise', () => {
    const judgement = (slower: number) =>
      differences(sampleRun(), sampleRun({ slower })).find(({ what }) => what === 'p95 of login')?.judgement;
    expect([judgement(1.5), judgement(0.5), judgement(1.02)]).toEqual(['worse', 'better', 'same']);
  });

  test('prints a line for each, and a page', () => {
    const runs = [sampleRun(), sampleRun({ slower: 2 })] as const;
    expect(comparisonText(...runs)).toMatch(/p95 of login .* -> .* WORSE/);
    expect(comparisonReport(...runs)).not.toMatch(/undefined|NaN/);
    expect(comparisonReport(...runs)).toContain('<td class="worse">+100 %, worse</td>');
  });

  test('says in what their load differed, and then calls nothing better or worse', () => {
    const [before, after] = [sampleRun(), sampleRun({ slower: 2 })];
    const scenario = { ...after.scenario, users: 2000, scale: 0.2, timeScale: 0.4 };
    const text = comparisonText(before, { ...after, scenario });
    expect(text).toContain('not the same');
    expect(text).toContain('users 1000 -> 2000, scale 0.1 -> 0.2, time scale 1 -> 0.4.');
    expect(text).not.toContain('WORSE');
    expect(comparisonReport(before, { ...after, scenario })).toContain('users 1000 -&gt; 2000');
    expect(comparisonText(before, after)).not.toContain('not the same');
  });

  test('names what one of them alone has measured', () => {
    const [before, after] = [sampleRun(), sampleRun()];
    const { cacheHitShare: _, ...totals } = before.totals;
    const { refresh: __, ...endpoints } = after.endpoints;
    const text = comparisonText({ ...before, totals }, { ...after, endpoints });
    expect(text).toContain('Measured before alone: p50 of refresh, p95 of refresh, p99 of refresh, errors of refresh.');
    expect(text).toContain('Measured after alone: cache hits.');
    expect(comparisonReport({ ...before, totals }, after)).toContain('Measured after alone: cache hits.');
    expect(comparisonText(before, after)).not.toContain('alone');
  });

  test('is refused where they played different scenarios', () => {
    const [before, after] = [sampleRun(), sampleRun()];
    const other = { ...after, scenario: { ...after.scenario, name: 'mixed-error' } };
    expect(() => checkComparable(before, after)).not.toThrow();
    expect(() => checkComparable(before, other)).toThrow(
      'runs of different scenarios cannot be compared: normal-login and mixed-error',
    );
  });
});
