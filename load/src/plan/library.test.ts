import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { crdErrors } from '../testing/crd-schema.ts';
import { type Question, sizeAuthCluster } from './library.ts';

const root = new URL('../../../', import.meta.url);

test('the example of the guide runs, and prints what it says', () => {
  const guide = readFileSync(new URL('docs/how-to/size-a-cluster.md', root), 'utf8');
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
  const args = ['--input-type=module-typescript', '--eval', example];
  const printed = execFileSync(process.execPath, args, { cwd: fileURLToPath(root), encoding: 'utf8' });
  const said = [...example.matchAll(/console\.log\(.*\/\/ (.*)/g)].map(([, comment]) => comment);
  expect(said.length).toBeGreaterThan(0);
  expect(printed.trimEnd().split('\n')).toEqual(said);
});

const questions: Question[] = [
  { users: 1000, 'peak-logins': 0.1, 'api-cores': 0.5, 'gateway-cores': 0.25 },
  { users: 1_000_000, 'peak-logins': 200, 'session-days': 365, 'access-lifetime': 86_400 },
  { users: 10_000_000, 'peak-logins': 2000, 'hash-algorithm': 'argon2id', name: 'eu-1' },
  { users: 100_000_000, 'peak-logins': 20_000, 'session-days': 1, 'access-lifetime': 60 },
];
test.each(questions)('the resource for %j is one that the API server takes', (question) => {
  expect(crdErrors(sizeAuthCluster(question).resource)).toEqual([]);
});

test('a resource with a field that there is not, or that is out of bounds, is told by its path', () => {
  const { resource } = sizeAuthCluster({ users: 1000, 'peak-logins': 1 });
  const tokens = { accessLifetimeSeconds: 30, refreshLifetimeDays: 7 };
  const errors = crdErrors({ ...resource, spec: { api: { tokens } } });
  expect(errors.join('\n')).toMatch(/\/spec\/api\/tokens\/accessLifetimeSeconds must be >= 60/);
  expect(errors.join('\n')).toMatch(/\/spec\/api\/tokens must NOT have additional properties/);
});
