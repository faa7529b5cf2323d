import { describe, expect, test } from '@jest/globals';
import { clusterWith, MONITORED_INPUTS, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import { allObjects } from '../all-objects.ts';
import type { Manifest } from '../manifest.ts';

interface Container {
  name: string;
  command?: string[];
  readinessProbe?: object;
  livenessProbe?: object;
}

/** Names of workloads, with the program of their exporter. */
function exporters(objects: readonly Manifest[]): [string, string | undefined][] {
  return objects.flatMap(({ metadata, spec }) => {
    const { template } = (spec ?? {}) as { template?: { spec: { containers: Container[] } } };
    return (template?.spec.containers ?? [])
      .filter(({ name }) => name === 'exporter')
      .map(({ command }): [string, string | undefined] => [metadata.name, command?.at(-1)?.split('/').at(-1)]);
  });
}

const decoded = (objects: readonly Manifest[], name: string, key: string) => {
  const secret = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
  return Buffer.from((secret?.data as Record<string, string> | undefined)?.[key] ?? '', 'base64').toString('utf8');
};

describe('where monitoring is on', () => {
  const objects = allObjects(clusterWith({ monitoring: { enabled: true } }), MONITORED_INPUTS);

  test('each server of the data tiers has its exporter beside it', () => {
    expect(exporters(objects)).toEqual([
      ['acme-postgres', 'prometheus-postgres-exporter'],
      ...[0, 1, 2].map((shard) => [`acme-redis-${shard}`, 'prometheus-redis-exporter']),
      ['acme-pooler-rw', 'prometheus-pgbouncer-exporter'],
      ['acme-pooler-ro', 'prometheus-pgbouncer-exporter'],
    ]);
  });

  test('Redis shows statistics to them, and neither keys nor settings', () => {
    const user = decoded(objects, 'acme-redis', 'users.acl')
      .split('\n')
      .find((line) => line.startsWith('user monitoring'));
    const [, rules = ''] = /^user monitoring on #[0-9a-f]{64} (.*)$/.exec(user ?? '') ?? [];
    expect(rules.split(' ')[0]).toBe('-@all');
    expect(rules).not.toMatch(/~|&|\+@|config|acl|get/);
  });

  test('PgBouncer shows its statistics to them, and takes no orders', () => {
    expect(decoded(objects, 'acme-pooler', 'pgbouncer-rw.ini')).toContain(
      '\nadmin_users = pgbouncer, pgbouncer_b\nstats_users = pgbouncer, pgbouncer_b, auth_monitoring\n',
    );
    expect(decoded(objects, 'acme-pooler', 'userlist.txt')).toContain('"auth_monitoring" "SCRAM-SHA-256$');
  });
});

test('where monitoring is off, nothing of it is there', () => {
  const objects = allObjects(clusterWith({}), SAMPLE_INPUTS);
  expect(exporters(objects)).toEqual([]);
  expect(JSON.stringify(objects)).not.toContain('monitoring');
  expect(decoded(objects, 'acme-redis', 'users.acl')).not.toContain('monitoring');
  expect(decoded(objects, 'acme-pooler', 'userlist.txt')).not.toContain('monitoring');
});
