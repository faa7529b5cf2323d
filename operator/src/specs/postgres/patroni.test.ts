import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { changedDynamicConfiguration, dynamicConfiguration, patroniConfigMap } from './patroni.ts';

const LEADER = 'acme-postgres-0';

describe('the dynamic configuration', () => {
  test('commits synchronously where there is a replica, and only there', () => {
    expect(dynamicConfiguration(clusterWith({})).synchronous_mode).toBe(true);
    expect(dynamicConfiguration(clusterWith({ postgres: { readReplicas: 0 } })).synchronous_mode).toBe(false);
  });

  test.each([
    ['Off', false, false],
    ['On', true, false],
    ['Strict', true, true],
  ])('with synchronous: %s', (synchronous, mode, strict) => {
    expect(dynamicConfiguration(clusterWith({ postgres: { synchronous } }))).toMatchObject({
      synchronous_mode: mode,
      synchronous_mode_strict: strict,
    });
  });

  test('goes on alone again when Strict is taken back', () => {
    const strict = JSON.stringify(dynamicConfiguration(clusterWith({ postgres: { synchronous: 'Strict' } })));
    const changed = changedDynamicConfiguration(clusterWith({}), strict, LEADER) ?? '{}';
    expect(JSON.parse(changed)).toMatchObject({ synchronous_mode: true, synchronous_mode_strict: false });
  });

  test('scales with the memory limit', () => {
    const buffers = (memory: string) => {
      const cluster = clusterWith({ postgres: { resources: { limits: { memory } } } });
      return dynamicConfiguration(cluster).postgresql.parameters.shared_buffers;
    };
    expect([buffers('512Mi'), buffers('8Gi')]).toEqual(['128MB', '2048MB']);
  });

  test('lets spec.postgres.parameters override what is derived, and never what replication depends on', () => {
    const parameters = { shared_buffers: '300MB', jit: 'off', wal_level: 'minimal' };
    const cluster = clusterWith({ postgres: { parameters } });
    expect(dynamicConfiguration(cluster).postgresql.parameters).toMatchObject({
      shared_buffers: '300MB',
      jit: 'off',
      wal_level: 'replica',
    });
  });

  test('keeps the replication timing that Patroni asks for: loop_wait + 2 x retry_timeout <= ttl', () => {
    const { ttl, loop_wait, retry_timeout } = dynamicConfiguration(clusterWith({})) as unknown as Record<
      string,
      number
    >;
    expect(Number(loop_wait) + 2 * Number(retry_timeout)).toBeLessThanOrEqual(Number(ttl));
  });
});

describe('bringing the dynamic configuration up to date', () => {
  const before = JSON.stringify(dynamicConfiguration(clusterWith({ postgres: { parameters: { jit: 'off' } } })));

  test('does nothing when it is as it should be, whatever the order of keys', () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(before)).reverse()));
    expect(
      changedDynamicConfiguration(clusterWith({ postgres: { parameters: { jit: 'off' } } }), reversed, LEADER),
    ).toBeUndefined();
  });

  test('takes out a parameter that the spec no longer has', () => {
    const changed = JSON.parse(changedDynamicConfiguration(clusterWith({}), before, LEADER) ?? '{}');
    expect(changed.postgresql.parameters).not.toHaveProperty('jit');
  });

  test('keeps what somebody set beside what is declared', () => {
    const byHand = JSON.stringify({ ...JSON.parse(before), pause: true });
    const changed = JSON.parse(changedDynamicConfiguration(clusterWith({}), byHand, LEADER) ?? '{}');
    expect(changed.pause).toBe(true);
  });

  test('leaves it as it was who may lead while nobody does, and brings the rest', () => {
    const alone = clusterWith({ postgres: { readReplicas: 0 } });
    const changed = JSON.parse(changedDynamicConfiguration(alone, before, undefined) ?? '{}');
    expect(changed.synchronous_mode).toBe(true);
    expect(changed.postgresql.parameters).not.toHaveProperty('jit');
    expect(JSON.parse(changedDynamicConfiguration(alone, before, LEADER) ?? '{}').synchronous_mode).toBe(false);
  });

  test('goes on waiting for a replica while the primary is among the pods that go: until it has handed over there is one', () => {
    const alone = clusterWith({ postgres: { readReplicas: 0 } });
    const changed = JSON.parse(changedDynamicConfiguration(alone, before, 'acme-postgres-1') ?? '{}');
    expect(changed.synchronous_mode).toBe(true);
    const off = clusterWith({ postgres: { readReplicas: 0, synchronous: 'Off' } });
    const turnedOff = JSON.parse(changedDynamicConfiguration(off, before, 'acme-postgres-1') ?? '{}');
    expect(turnedOff.synchronous_mode).toBe(false);
  });
});

test('patroni.yaml holds no value that YAML 1.1 reads as anything but what is meant', () => {
  const { data } = patroniConfigMap(clusterWith({})) as unknown as { data: Record<string, string> };
  const settings = parse(data['patroni.yaml'] ?? '', { version: '1.1' });
  expect(settings.bootstrap.dcs).toEqual(dynamicConfiguration(clusterWith({})));
});
