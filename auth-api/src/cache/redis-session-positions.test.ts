import { expect, test } from '@jest/globals';
import { RedisSessionPositions } from './redis-session-positions.ts';
import { RedisSharedStore } from './redis-shared-store.ts';

test('what is stored about a session, and that it has written nothing, is one command', async () => {
  const sent: (string | number)[][] = [];
  const redis = {
    evalsha: async (_: string, numberOfKeys: number, ...keysAndArguments: (string | number)[]) => {
      sent.push(keysAndArguments.slice(0, numberOfKeys));
      return [1, 1];
    },
    eval: async () => [],
  };
  const commands = { commandTimeoutMs: 1000 };
  const store = new RedisSharedStore(redis, commands);
  const positions = new RedisSessionPositions(redis, { ...commands, store });
  const storing = store.store({ type: 'session_data', version: 3, id: 's' }, 'reserved:one', '1', 1000);
  await positions.open('s');
  expect(await storing).toBe(true);
  const position = 'session_position:{s}';
  expect(sent).toEqual([['session_data:v3:{s}', 'session_data:lease:{s}', position, position]]);
});
