import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DEFAULT_CALIBRATION } from './calibration.ts';
import { parsePlanOptions } from './options.ts';
import { plan } from './plan.ts';
import { planReport } from './plan-report.ts';

const guide = readFileSync(new URL('../../../docs/how-to/size-a-cluster.md', import.meta.url), 'utf8');

test.each([
  ['1 million users', ['--users=1000000', '--peak-logins=200']],
  ['10 million', ['--users=10000000', '--peak-logins=2000']],
  ['100 million', ['--users=100000000', '--peak-logins=20000']],
  ['100 million with argon2id', ['--users=100000000', '--peak-logins=20000', '--hash-algorithm=argon2id']],
])('the guide shows what the planner says of %s', (_, options) => {
  const { request, name } = parsePlanOptions(options);
  const report = planReport(plan(request, DEFAULT_CALIBRATION), request, DEFAULT_CALIBRATION, name);
  const [shown = ''] = report.split('\n\nTo apply');
  expect(guide).toContain(`\`\`\`\n${shown}\n\`\`\``);
});
