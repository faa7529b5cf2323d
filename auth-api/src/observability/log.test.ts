import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createLog } from './log.ts';

function lineOf(error: unknown): string {
  const lines: string[] = [];
  createLog('debug', { write: (line) => lines.push(line) }).debug({ error }, 'Redis');
  return lines.join('');
}

/** As ioredis has it, which tells of the command by its arguments. */
const refusedLogin = Object.assign(new Error('WRONGPASS invalid username-password pair or user is disabled.'), {
  command: { name: 'auth', args: ['app', 'the password'] },
});

test('an error is told with its kind, its words and its code', () => {
  const { error } = JSON.parse(lineOf(Object.assign(new TypeError('not so'), { code: 'E_NOT_SO' })));
  expect(error).toEqual({
    type: 'TypeError',
    message: 'not so',
    code: 'E_NOT_SO',
    stack: expect.stringMatching(/not so\n +at /),
  });
});

test.each([
  ['the error', refusedLogin],
  ['its cause', new Error('not now', { cause: refusedLogin })],
  ['what the last node of a cluster said', Object.assign(new Error('all failed'), { lastNodeError: refusedLogin })],
  ['one of several', new AggregateError([refusedLogin], 'no address answered')],
])('arguments of a command that are in %s are not', (_, error) => {
  const line = lineOf(error);
  expect(line).toContain('WRONGPASS');
  expect(line).not.toContain('the password');
});

test('the row that a constraint refused is not', () => {
  const refused = { code: '23505', detail: 'Key (email)=(ada@example.com) already exists.' };
  const line = lineOf(Object.assign(new Error('duplicate key'), refused));
  expect(line).toContain('23505');
  expect(line).not.toContain('ada@example.com');
});

test('an error that is its own cause is told, and what is none as well', () => {
  const error = new Error('round');
  error.cause = error;
  expect(lineOf(error)).toContain('round');
  expect(JSON.parse(lineOf('a word')).error).toBe('a word');
});

/** By their names, what in requests and answers of the API opens something. */
function secretMembers(): string[] {
  const document = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
  const members = Object.values<{ properties?: object }>(JSON.parse(document).components.schemas).flatMap(
    ({ properties = {} }) => Object.keys(properties),
  );
  const isSecret = (name: string) =>
    /(password|token|secret|assertion|_hash|recovery_codes|otpauth_uri|svg)$/.test(name);
  return [...new Set(members)].filter(isSecret);
}

test('no secret of a request or an answer that somebody logs whole', () => {
  expect(secretMembers()).toContain('new_password');
  for (const member of secretMembers()) {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) });
    log.info({ [member]: 'opens it' });
    log.info({ body: { [member]: 'opens it' } });
    log.info({ request: { body: { [member]: ['opens it'] } } });
    expect([member, lines.filter((line) => line.includes('opens it'))]).toEqual([member, []]);
  }
});
