import { describe, expect, test } from '@jest/globals';
import { type MoveEnd, moveSlots } from './migrate.ts';

const OPTIONS = { port: 6379, login: { username: 'operator', password: 'secret' }, isTimeUp: () => false };

/** Two nodes that write down what they are told. The source has these keys until it has moved them. */
function ends(keys: string[], refuse: (line: string) => boolean = () => false) {
  const told: string[] = [];
  let left = keys;
  const end = (id: string): MoveEnd => ({
    id,
    ip: `ip-${id}`,
    command: async (...words) => {
      const line = words.join(' ');
      told.push(`${id}: ${line}`);
      if (refuse(line)) throw new Error(`ERR ${line}`);
      if (words[1] === 'GETKEYSINSLOT') return left;
      if (words[0] === 'MIGRATE') left = [];
      return 'OK';
    },
  });
  return { source: end('source'), target: end('target'), told };
}

describe('a move of slots', () => {
  test('opens the target first, moves the keys, and gives the slot to the target first', async () => {
    const { source, target, told } = ends(['a', 'b']);
    await moveSlots(source, target, [{ first: 7, last: 7 }], OPTIONS);
    expect(told).toEqual([
      'target: CLUSTER SETSLOT 7 IMPORTING source',
      'source: CLUSTER SETSLOT 7 MIGRATING target',
      'source: CLUSTER GETKEYSINSLOT 7 100',
      'source: MIGRATE ip-target 6379  0 1500 REPLACE AUTH2 operator secret KEYS a b',
      'source: CLUSTER GETKEYSINSLOT 7 100',
      'target: CLUSTER SETSLOT 7 NODE target',
      'source: CLUSTER SETSLOT 7 NODE target',
    ]);
  });

  test('keeps a slot open whose keys could not all be moved', async () => {
    const { source, target, told } = ends(['a'], (line) => line.startsWith('MIGRATE'));
    await expect(moveSlots(source, target, [{ first: 7, last: 7 }], OPTIONS)).rejects.toThrow('ERR MIGRATE');
    expect(told.some((line) => line.includes('NODE'))).toBe(false);
  });

  test('waits for every answer before it gives up', async () => {
    const { source, target, told } = ends([], (line) => line.includes('SETSLOT 0 IMPORTING'));
    await expect(moveSlots(source, target, [{ first: 0, last: 7 }], OPTIONS)).rejects.toThrow('SETSLOT 0');
    expect(told).toHaveLength(8);
  });

  test('begins no further slots when its time is up', async () => {
    const { source, target, told } = ends([]);
    let looks = 0;
    await moveSlots(source, target, [{ first: 0, last: 100 }], { ...OPTIONS, isTimeUp: () => ++looks > 1 });
    expect(told.filter((line) => line.startsWith('target') && line.includes('NODE'))).toHaveLength(8);
  });
});
