import { expect, test } from '@jest/globals';
import { createLog } from './log.ts';

test('an error is told without the command that Redis refused, at whatever depth', () => {
  const lines: string[] = [];
  const command = { name: 'auth', args: ['app', 'the password'] };
  const refused = Object.assign(new Error('WRONGPASS invalid username-password pair'), { command });
  const log = createLog('debug', { write: (line) => lines.push(line) });
  for (const err of [refused, new Error('unreachable', { cause: refused }), new AggregateError([refused])]) {
    log.warn({ err }, 'Redis');
  }
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toContain('WRONGPASS');
  expect(lines.join('')).not.toContain('the password');
});
