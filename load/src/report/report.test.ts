import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scaledShape } from '../../scenarios/scenario-shapes.ts';
import { judgedPart } from '../run/judged-part.ts';
import { sampleRun } from '../testing/sample-run.ts';
import { lineChart } from './line-chart.ts';
import { runReport } from './run-report.ts';
import { tierCharts } from './system-charts.ts';
import { niceTicks } from './ticks.ts';

describe('ticks', () => {
  test('cover the values in round steps, and are neither few nor many', () => {
    expect(niceTicks(487, 5)).toEqual([0, 100, 200, 300, 400, 500]);
    expect(niceTicks(0.37, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(niceTicks(0, 5)).toEqual([0, 1]);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (top) => {
        const ticks = niceTicks(top, 5);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(top * 0.999999);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

describe('a chart', () => {
  const line = {
    label: 'p95',
    style: 'c1',
    points: [
      [0, 1],
      [1, 2],
      [2, undefined],
      [3, 4],
      [4, 2],
    ] as const,
  };
  const chart = { title: 'T <&>', unit: ' ms', durationSeconds: 4, lines: [line] };

  test('interrupts a line where nothing was measured', () => {
    expect(lineChart(chart).match(/class="line c1"/g)).toHaveLength(2);
  });

  test('says so where nothing was measured at all', () => {
    expect(lineChart({ ...chart, lines: [{ ...line, points: [[0, undefined]] }] })).toContain('Not measured');
  });

  test('names a line of which nothing was measured beside those that were, and why that may be', () => {
    const lines = [line, { ...line, label: 'redis', points: [[0, undefined]] as const }];
    expect(lineChart({ ...chart, lines })).toContain('<p class="soft">redis: not measured in this run.</p>');
    expect(lineChart({ ...chart, lines, absence: 'no limit' })).toContain('redis: no limit.');
    expect(lineChart(chart)).not.toContain('class="soft"');
  });

  test('shows one value between two gaps', () => {
    const points = [
      [0, undefined],
      [2, 3],
      [3, undefined],
    ] as const;
    expect(lineChart({ ...chart, lines: [{ ...line, points }] })).toMatch(/class="line c1" d="M[\d.]+ [\d.]+h0"/);
  });

  test('says in words what it draws', () => {
    expect(lineChart(chart)).toContain(
      '<title>T &lt;&amp;&gt;</title><desc>p95 from 1 ms to 4 ms, 2 ms at the end</desc>',
    );
  });

  test('escapes what it is told', () => {
    expect(lineChart(chart)).toContain('T &lt;&amp;&gt;');
  });

  test('stays within its frame', () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 50 }), (values) => {
        const points = values.map((y, index): [number, number] => [index, y]);
        const svg = lineChart({ ...chart, durationSeconds: values.length, lines: [{ ...line, points }] });
        for (const [, x, y] of svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThanOrEqual(860);
          expect(Number(y)).toBeGreaterThanOrEqual(11.9);
          expect(Number(y)).toBeLessThanOrEqual(240);
        }
      }),
    );
  });
});

describe('the report of a run', () => {
  test('needs nothing from elsewhere', () => {
    const page = runReport(sampleRun());
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  test('is dark on screens alone, and keeps the colours of its legends on paper', () => {
    const page = runReport(sampleRun());
    expect(page).not.toMatch(/@media \(prefers-color-scheme/);
    expect(page).toMatch(/\.key::before \{ print-color-adjust: exact/);
  });

  test('says whether it passed, and what was missed', () => {
    expect(runReport(sampleRun())).toContain('<span class="verdict">passed</span>');
    const failed = runReport(sampleRun({ failures: 200 }));
    expect(failed).toContain('<span class="verdict missed">2 missed</span>');
    expect(failed).toMatch(/failed requests allowed, 200 failed/);
  });

  test('says when users left', () => {
    const { scenario, ...run } = sampleRun();
    expect(runReport({ ...run, scenario })).toContain('1000 users for 30 min (scale');
    const page = runReport({ ...run, scenario: { ...scenario, rampDownSeconds: 720 } });
    expect(page).toContain('1000 users for 30 min, who leave in the last 12 min, (scale');
  });

  test('shows an objective that is missed, and passes', () => {
    const objectives = [{ kind: 'missed', what: 'SLO of a check', limit: 'below 50 ms', value: '70 ms' }] as const;
    const page = runReport({ ...sampleRun(), objectives });
    expect(page).toContain('<span class="verdict">passed</span>');
    expect(page).toMatch(/<td>SLO of a check<\/td><td>70 ms<\/td><td>below 50 ms<\/td><td class="soft">missed/);
  });

  test.each([
    ['verdict', 'passed what was measured', undefined],
    ['verdict missed', '1 not measured', 'metrics-server'],
  ])('has no more than %j: %s, where something was not measured', (colour, headline, needs) => {
    const run = sampleRun();
    const unmeasured = { kind: 'notMeasured', what: 'CPU', limit: 'below 80 %' } as const;
    const verdict = needs === undefined ? unmeasured : { ...unmeasured, needs };
    const page = runReport({ ...run, verdicts: [...run.verdicts, verdict] });
    expect(page).toContain(`<span class="${colour}">${headline}</span>`);
    expect(page.includes('To measure CPU takes metrics-server.')).toBe(needs !== undefined);
  });
});

test('CPU of its limit is drawn of each tier that has one, and of the machine', () => {
  const [, chart = ''] = /<b>CPU by tier, of its limit.*?<\/b>(.*?)<\/figcaption>/.exec(tierCharts(sampleRun())) ?? [];
  const labels = [...chart.matchAll(/<span class="key c\d">(.*?)<\/span>/g)].map(([, label]) => label);
  expect(labels).toEqual(['auth-api', 'gateway', 'machine']);
});

test('CPU of tiers stands beside what the model has for them', () => {
  const page = runReport(sampleRun());
  expect(page).toContain('<tr><td>auth-api</td><td>0.900</td><td>0.850</td></tr>');
  expect(page).toContain('<tr><td>gateway</td><td>0.080</td><td>0.060</td></tr>');
  const { tierCores: _, predictedApiCpuCores: __, ...totals } = sampleRun().totals;
  expect(runReport({ ...sampleRun(), totals })).not.toContain('Modelled');
});

test('the report says which part of the run is judged', () => {
  expect(runReport(sampleRun())).toContain('of the part in which the run has settled: 360 to 1710 s after the start');
  const judged = judgedPart(
    'token-refresh-storm',
    scaledShape('token-refresh-storm', { scale: 1, timeScale: 1 }),
    2.04,
  );
  expect(runReport({ ...sampleRun(), judged })).toContain(
    'of the windows in which all refresh: 572 to 602 s and 872 to 902 s after the start',
  );
});
