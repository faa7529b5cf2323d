import { expect, test } from '@jest/globals';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import { createLog } from '../observability/log.ts';
import { createFailureLog } from './failure-log.ts';

function failing() {
  const lines: string[] = [];
  let nowMs = 0;
  const log = createLog('info', { write: (line) => lines.push(line) });
  const tell = createFailureLog({ log, nowMs: () => nowMs });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const told = () => lines.splice(0).map((line) => JSON.parse(line));
  return { tell, told, pass };
}

const away = (dependency: string) => new DependencyUnavailableError(dependency, 2);

test('a failure is told in full: of a dependency as a warning, of ours as an error', () => {
  const { tell, told } = failing();
  tell(away('primary'), 'the request failed');
  tell(new TypeError('oh'), 'the request failed');
  expect(told()).toMatchObject([
    {
      level: 'warn',
      message: 'the request failed',
      error: { stack: expect.stringContaining('primary') },
      suppressed: 0,
    },
    { level: 'error', error: { message: 'oh' } },
  ]);
});

test('of many alike one a second is, with how many were not', () => {
  const { tell, told, pass } = failing();
  for (let failure = 0; failure < 1_000; failure += 1) tell(away('primary'), 'the request failed');
  pass(999);
  tell(away('primary'), 'a session could not be checked');
  expect(told()).toHaveLength(1);
  pass(1);
  tell(away('primary'), 'the request failed');
  expect(told()).toMatchObject([{ suppressed: 1_000 }]);
  pass(60_000);
  tell(away('primary'), 'the request failed');
  expect(told()).toMatchObject([{ suppressed: 0 }]);
});

test('no kind hides another', () => {
  const { tell, told } = failing();
  for (const error of [away('primary'), away('redis'), new TypeError(), new RangeError(), 'text'])
    tell(error, 'failed');
  expect(told()).toHaveLength(5);
});
