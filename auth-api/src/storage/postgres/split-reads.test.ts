import { describe, expect, jest, test } from '@jest/globals';
import { beyondReplicas } from '../../cache/lsn.ts';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { portOf } from '../../testing/fakes.ts';
import type { Database } from './database.ts';
import { type ReadSource, SplitReads, splitRead } from './split-reads.ts';

const read = splitRead('select_thing', 'SELECT id FROM things WHERE id = $1', ['id'], 1);

function reads(onReplica: () => Promise<object[]>) {
  const replica = jest.fn((..._: unknown[]) => onReplica());
  const primary = jest.fn(async () => [{ id: 'of the primary' }]);
  const sources: ReadSource[] = [];
  const split = new SplitReads({
    primary: portOf<Database>({ read: primary as unknown as Database['read'] }),
    replicas: portOf<Database>({ query: replica as unknown as Database['query'] }),
    onRead: (source) => sources.push(source),
  });
  return { find: (lsn: bigint) => split.find(read, ['x'], lsn), replica, primary, sources };
}

describe('a read that replicas may answer', () => {
  test('is answered by one that has replayed enough', async () => {
    const { find, replica, primary } = reads(async () => [{ is_fresh: true, is_found: true, id: 'x' }]);
    expect(await find(0x1_0000_0002n)).toMatchObject({ id: 'x' });
    expect(replica).toHaveBeenCalledWith(read.onReplica, ['x', '1/2']);
    expect(primary).not.toHaveBeenCalled();
  });

  test.each<[string, ReadSource, () => Promise<object[]>]>([
    ['has not replayed enough', 'primary_stale', async () => [{ is_fresh: false, is_found: null }]],
    ['does not find it', 'primary_absent', async () => [{ is_fresh: true, is_found: null }]],
    ['cannot be asked', 'primary_failed', async () => Promise.reject(new DependencyUnavailableError('replicas', 1))],
  ])('goes to the primary when the replica %s', async (_, source, onReplica) => {
    const { find, sources } = reads(onReplica);
    expect(await find(1n)).toEqual({ id: 'of the primary' });
    expect(sources).toEqual([source]);
  });

  test('asks no replica where it is not known what one must have replayed', async () => {
    const { find, replica, sources } = reads(async () => []);
    await find(beyondReplicas);
    expect(replica).not.toHaveBeenCalled();
    expect(sources).toEqual(['primary_unknown']);
  });
});
