import { describe, expect, jest, test } from '@jest/globals';
import { Freshness } from './freshness.ts';
import { beyondReplicas, type Lsn } from './lsn.ts';
import { OwnWrites, type SessionPositions } from './own-writes.ts';

function startPod({ heardLsn }: { heardLsn: Lsn }) {
  const freshness = new Freshness(() => 0);
  freshness.trustUntil(1);
  freshness.hear(heardLsn);
  const known = new Map<string, Lsn>();
  const positions = {
    open: jest.fn<SessionPositions['open']>(async (id) => void known.set(id, known.get(id) ?? 0n)),
    find: jest.fn<SessionPositions['find']>(async (id) => known.get(id)),
    raise: jest.fn<SessionPositions['raise']>(async (id, lsn) => void known.set(id, lsn)),
    forget: jest.fn<SessionPositions['forget']>(async (id) => void known.delete(id)),
  };
  const commitPoint = jest.fn<() => Promise<{ lsn: Lsn; versions: never }>>();
  commitPoint.mockResolvedValue({ lsn: 50n, versions: {} as never });
  const ownWrites = new OwnWrites({ positions, freshness, commitPoint, onError: () => {} });
  const read = (sessionId: string | undefined) =>
    ownWrites.read(sessionId, {
      type: 'user_profile',
      id: 'u',
      cached: async () => 'cached',
      direct: async (lsn) => (lsn === beyondReplicas ? 'of the primary' : `as of ${lsn}`),
    });
  return { freshness, positions, commitPoint, ownWrites, read };
}

describe('a session', () => {
  test('that has written nothing yet reads what is cached', async () => {
    const { ownWrites, read } = startPod({ heardLsn: 40n });
    ownWrites.opened('s');
    expect(await read('s')).toBe('cached');
  });

  test('sees its write, from a replica that has it, until the pod has heard of all before it', async () => {
    const { ownWrites, freshness, read } = startPod({ heardLsn: 40n });
    await ownWrites.wrote('s');
    expect(await read('s')).toBe('as of 50');
    freshness.hear(50n);
    expect(await read('s')).toBe('as of 50');
    freshness.hear(51n);
    expect(await read('s')).toBe('cached');
  });

  test('is answered by the primary where it is not known what it wrote, and from then on it is known', async () => {
    const { read } = startPod({ heardLsn: 60n });
    expect(await read('s')).toBe('of the primary');
    await new Promise(setImmediate);
    expect(await read('s')).toBe('cached');
  });

  test('is answered by the primary where Redis cannot be asked', async () => {
    const { positions, read } = startPod({ heardLsn: 60n });
    positions.find.mockRejectedValue(new Error('redis down'));
    expect(await read('s')).toBe('of the primary');
    expect(positions.raise).not.toHaveBeenCalled();
  });

  test('whose write has no known place is forgotten, so that the primary answers', async () => {
    const { ownWrites, commitPoint, read } = startPod({ heardLsn: 60n });
    ownWrites.opened('s');
    commitPoint.mockRejectedValueOnce(new Error('primary down'));
    await ownWrites.wrote('s');
    expect(await read('s')).toBe('of the primary');
  });
});

test('what was read from a cache before its invalidation was heard does not count', async () => {
  const { ownWrites, positions, freshness, read } = startPod({ heardLsn: 40n });
  await ownWrites.wrote('s');
  positions.find.mockImplementation(async () => {
    freshness.hear(60n);
    return 50n;
  });
  expect(await read('s')).toBe('as of 50');
});

test('nobody’s session reads what is cached, and without trust nothing is asked of Redis', async () => {
  const { freshness, positions, read } = startPod({ heardLsn: 0n });
  expect(await read(undefined)).toBe('cached');
  freshness.distrust();
  expect(await read('s')).toBe('cached');
  expect(positions.find).not.toHaveBeenCalled();
});
