import { describe, expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { dynamicConfiguration } from './patroni.ts';
import { unusableParameters } from './usable-parameters.ts';

const clusterOf = (readReplicas: number, parameters: Record<string, string>) =>
  clusterWith({ postgres: { readReplicas, parameters } });

describe('parameters that are too few for replication', () => {
  test.each([
    ['max_wal_senders', 0, 3],
    ['max_wal_senders', 2, 7],
    ['max_wal_senders', 15, 33],
    ['max_replication_slots', 0, 4],
    ['max_replication_slots', 2, 8],
    ['max_replication_slots', 15, 34],
    ['max_worker_processes', 2, 2],
  ])('%s, with %i replicas less than %i', (name, readReplicas, least) => {
    expect(unusableParameters(clusterOf(readReplicas, { [name]: `${least}` }))).toEqual([]);
    const [refused, ...others] = unusableParameters(clusterOf(readReplicas, { [name]: ` ${least - 1}` }));
    expect(others).toEqual([]);
    expect(refused).toBe(
      `spec.postgres.parameters.${name}: " ${least - 1}" is too few for replication: with readReplicas ${readReplicas} ` +
        `at least ${least} is allowed; raise or remove it. Until then the database goes on without it`,
    );
  });

  test('are none of the others, and nothing that is no number, which PostgreSQL refuses', () => {
    const parameters = { max_prepared_transactions: '0', max_wal_senders: 'banana', jit: 'off', work_mem: '1' };
    expect(unusableParameters(clusterOf(2, parameters))).toEqual([]);
  });

  test('are not those that follow of themselves, for as many replicas as there may be', () => {
    const { parameters } = dynamicConfiguration(clusterOf(15, {})).postgresql;
    expect(unusableParameters(clusterOf(15, parameters)).filter((each) => each.includes('replication'))).toEqual([]);
  });
});

describe('in the place of what is too few for replication', () => {
  test('stays what the database has, and where that is too few as well, as after more replicas, comes the default', () => {
    const cluster = clusterOf(3, { max_wal_senders: '7' });
    const senders = (running: Record<string, string>) =>
      dynamicConfiguration(cluster, running).postgresql.parameters.max_wal_senders;
    expect(senders({ max_wal_senders: '12' })).toBe('12');
    expect(senders({ max_wal_senders: '7' })).toBe('40');
    expect(senders({})).toBe('40');
  });
});
