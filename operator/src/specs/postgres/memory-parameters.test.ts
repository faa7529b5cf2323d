import { describe, expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { beyondMemory, parameterBytes } from './memory-parameters.ts';
import { changedDynamicConfiguration, dynamicConfiguration } from './patroni.ts';
import { usableParameters } from './usable-parameters.ts';

const MEBIBYTE = 2 ** 20;

function clusterOf(memory: string, parameters: Record<string, string>) {
  return clusterWith({ postgres: { resources: { limits: { memory } }, parameters } });
}

function refused(memory: string, parameters: Record<string, string>): string[] {
  return [...beyondMemory(clusterOf(memory, parameters)).keys()];
}

describe('a size', () => {
  test.each<[string, number | undefined]>([
    ['131072', 1024 * MEBIBYTE],
    ['0x20000', 1024 * MEBIBYTE],
    ['0400000', 1024 * MEBIBYTE],
    ['1e2', 100 * 8192],
    ['512B', 512],
    ['64kB', 65_536],
    [' 16 MB ', 16 * MEBIBYTE],
    ['1.5GB', 1536 * MEBIBYTE],
    ['1TB', 1024 ** 2 * MEBIBYTE],
    ['-1', -8192],
    ['16mb', undefined],
    ['16Mi', undefined],
    ['banana', undefined],
    ['', undefined],
  ])('of %p is %p bytes, as PostgreSQL reads it', (value, bytes) => {
    expect(parameterBytes(value, 8192)).toBe(bytes);
  });
});

describe('parameters beyond the memory limit', () => {
  test('are told with the field, the value, what is allowed and what to do', () => {
    expect([...beyondMemory(clusterOf('2Gi', { shared_buffers: '4GB' })).values()]).toEqual([
      'spec.postgres.parameters.shared_buffers: "4GB" is not within the memory limit of 2Gi: at most 1536MB is allowed, ' +
        'three quarters of it; lower it, or raise spec.postgres.resources.limits.memory. Until then the database goes on ' +
        'without it',
    ]);
  });

  test('are buffers of more than three quarters of it', () => {
    expect(refused('2Gi', { shared_buffers: '1536MB' })).toEqual([]);
    expect(refused('2Gi', { shared_buffers: '1537MB' })).toEqual(['shared_buffers']);
    expect(refused('2Gi', { shared_buffers: '196609' })).toEqual(['shared_buffers']);
    expect(refused('8Gi', { shared_buffers: '4GB' })).toEqual([]);
  });

  test.each(['work_mem', 'maintenance_work_mem', 'autovacuum_work_mem', 'temp_buffers', 'wal_buffers'])(
    'are those by which one operation may take more than the buffers leave: %s',
    (name) => {
      expect(refused('2Gi', { shared_buffers: '1GB', [name]: '1GB' })).toEqual([]);
      expect(refused('2Gi', { shared_buffers: '1GB', [name]: '1025MB' })).toEqual([name]);
      expect(refused('2Gi', { [name]: '1536MB' })).toEqual([]);
      expect(refused('2Gi', { [name]: '-1' })).toEqual([]);
    },
  );

  test('are none of those that nobody knows the use of: sizes of files, and many small operations at once', () => {
    const parameters = { max_wal_size: '100GB', effective_cache_size: '100GB', work_mem: '64MB' };
    expect(refused('2Gi', { ...parameters, max_connections: '1000' })).toEqual([]);
  });

  test('are held against the default where no resources are given, and against nothing where there is no limit', () => {
    const parameters = { shared_buffers: '2GB' };
    expect(beyondMemory(clusterWith({ postgres: { parameters } })).size).toBe(1);
    const resources = { requests: { memory: '1Gi' } };
    expect(beyondMemory(clusterWith({ postgres: { parameters, resources } })).size).toBe(0);
  });
});

describe('in the place of what is beyond the memory limit', () => {
  const beyond = clusterOf('2Gi', { shared_buffers: '4GB', jit: 'off', work_mem: '3GB' });

  test('stays what the database has', () => {
    const running = { shared_buffers: '1GB', jit: 'on', work_mem: '16MB' };
    expect(usableParameters(beyond, running)).toEqual({ shared_buffers: '1GB', jit: 'off', work_mem: '16MB' });
  });

  test('stands what follows from the limit where the database has nothing that fits, as when the limit is lowered', () => {
    const derived = { shared_buffers: '512MB', work_mem: '1MB', jit: 'off' };
    expect(dynamicConfiguration(beyond).postgresql.parameters).toMatchObject(derived);
    const running = { shared_buffers: '4GB', work_mem: '3GB' };
    expect(dynamicConfiguration(beyond, running).postgresql.parameters).toMatchObject(derived);
  });

  test('nothing is brought to the database, pass after pass', () => {
    const before = JSON.stringify(dynamicConfiguration(clusterOf('2Gi', { shared_buffers: '1GB' })));
    expect(
      changedDynamicConfiguration(clusterOf('2Gi', { shared_buffers: '4GB' }), before, 'acme-postgres-0'),
    ).toBeUndefined();
  });

  test('comes what is asked for once the limit is raised', () => {
    const before = JSON.stringify(dynamicConfiguration(beyond));
    const raised = clusterOf('8Gi', { shared_buffers: '4GB' });
    const changed = JSON.parse(changedDynamicConfiguration(raised, before, 'acme-postgres-0') ?? '{}');
    expect(changed.postgresql.parameters.shared_buffers).toBe('4GB');
  });
});
