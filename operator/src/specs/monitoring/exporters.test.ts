import { describe, expect, test } from '@jest/globals';
import { clusterWith, MONITORED_INPUTS, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import { allObjects } from '../all-objects.ts';
import type { Manifest } from '../manifest.ts';
import { wantedAccounts } from '../postgres/accounts.ts';

interface Container {
  name: string;
  command?: string[];
  env?: { name: string; valueFrom?: object }[];
  readinessProbe?: object;
  livenessProbe?: object;
}

interface Template {
  metadata: { annotations?: Record<string, string> };
  spec: { containers: Container[]; volumes: { name: string; secret?: { items: object[]; secretName: string } }[] };
}

/** Names of workloads, with what their pods are made of where there is an exporter among it. */
function exporting(objects: readonly Manifest[]): { name: string; template: Template; exporter: Container }[] {
  return objects.flatMap(({ metadata: { name }, spec }) => {
    const { template } = (spec ?? {}) as { template?: Template };
    const exporter = template?.spec.containers.find((container) => container.name === 'exporter');
    return template === undefined || exporter === undefined ? [] : [{ name, template, exporter }];
  });
}

/** Names of workloads, with the program of their exporter. */
function exporters(objects: readonly Manifest[]): (string | undefined)[][] {
  return exporting(objects).map(({ name, exporter }) => [name, exporter.command?.at(-1)?.split('/').at(-1)]);
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

  test('each reads its login from a file, since a variable stays what it was, and can tell which one', () => {
    for (const { template, exporter } of exporting(objects)) {
      const login = template.spec.volumes.find(({ name }) => name === 'exporter-login')?.secret;
      expect(login?.secretName).toBe('acme-monitoring');
      expect(login?.items).toContainEqual({ key: 'username', path: 'LOGIN' });
      expect(exporter.env?.some(({ valueFrom }) => valueFrom !== undefined) ?? false).toBe(false);
      expect(template.metadata.annotations).toHaveProperty(['authcluster.dev/exporter-login']);
    }
  });

  test('while the login is rotated servers take both, and no server is replaced for it', () => {
    const { credentials } = MONITORED_INPUTS;
    const { monitoring = { username: '', password: '', verifier: '' } } = credentials.postgres;
    const next = { username: 'auth_monitoring_b', password: 'n', verifier: 'SCRAM-SHA-256$next' };
    const rotating = {
      ...credentials,
      postgres: { ...credentials.postgres, monitoring: { ...monitoring, next } },
      redis: { ...credentials.redis, monitoring: { password: 'monitoring', next: { password: 'n' } } },
    };
    const meanwhile = allObjects(clusterWith({ monitoring: { enabled: true } }), {
      ...MONITORED_INPUTS,
      credentials: rotating,
    });
    expect(decoded(meanwhile, 'acme-pooler', 'userlist.txt')).toMatch(/"auth_monitoring" .*\n"auth_monitoring_b" /);
    expect(decoded(meanwhile, 'acme-redis', 'users.acl')).toMatch(/\nuser monitoring on #\w{64} #\w{64} -@all /);
    expect(exporting(meanwhile)).toEqual(exporting(objects));
    expect(wantedAccounts(rotating).others.find(({ name }) => name === 'auth_monitoring_b')).toMatchObject({
      verifier: 'SCRAM-SHA-256$next',
      memberOf: 'auth_monitoring',
      settings: { statement_timeout: '10s' },
    });
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
      '\nadmin_users = pgbouncer, pgbouncer_b\nstats_users = pgbouncer, pgbouncer_b, auth_monitoring, auth_monitoring_b\n',
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
