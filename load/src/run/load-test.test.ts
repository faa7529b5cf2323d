import { expect, test } from '@jest/globals';
import { sampleRun } from '../testing/sample-run.ts';
import { loadTest } from './load-test.ts';
import type { RunResult, Verdict } from './run-result.ts';

async function played(result: RunResult) {
  const said: string[] = [];
  const exitCode = await loadTest(['--scenario=normal-login', '--out=results'], {
    say: (line) => said.push(line),
    home: '/home/of',
    now: () => new Date(0),
    run: async () => result,
  });
  return { exitCode, said };
}

const withVerdict = (verdict: Verdict): RunResult => ({ ...sampleRun(), verdicts: [...sampleRun().verdicts, verdict] });
const unmeasured = { kind: 'notMeasured', what: 'cache hits', limit: 'above 90 %' } as const;

test('a run whose thresholds are met ends with 0', async () => {
  const { exitCode, said } = await played(sampleRun());
  expect(exitCode).toBe(0);
  expect(said.at(-1)).toBe('report: /home/of/results/report.html');
});

test.each([
  ['missed', sampleRun({ failures: 200 }), 1, /^MISSED +errors: .* must be below 0.1 %$/],
  ['not measured though it had to be', withVerdict({ ...unmeasured, needs: 'x' }), 1, /^NOT MEASURED .* needs x$/],
  ['not measured where nothing could', withVerdict(unmeasured), 0, /^not measured +cache hits: must be above 90 %$/],
])('a threshold that is %s', async (_, result, expected, line) => {
  const { exitCode, said } = await played(result);
  expect(exitCode).toBe(expected);
  expect(said).toContainEqual(expect.stringMatching(line));
});

test('an objective that is missed is told, and fails no run', async () => {
  const missed = { kind: 'missed', what: 'SLO of a check', limit: 'below 50 ms', value: '70 ms' } as const;
  const { exitCode, said } = await played({ ...sampleRun(), objectives: [missed] });
  expect(exitCode).toBe(0);
  expect(said).toContain('MISSED        SLO of a check: 70 ms, must be below 50 ms (decides nothing)');
});

test('an option that does not exist is refused', async () => {
  const surroundings = { say: () => {}, home: '/', now: () => new Date(0), run: async () => sampleRun() };
  await expect(loadTest(['--speed=1'], surroundings)).rejects.toThrow(RangeError);
});
