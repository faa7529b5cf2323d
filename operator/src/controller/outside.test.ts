import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PostgresMaterial } from '../external/postgres-check.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const SPEC = {
  postgres: {
    mode: 'External',
    external: {
      primary: { host: 'db.example' },
      maxConnections: 200,
      credentials: { application: { secretName: 'db-app' } },
      tls: { mode: 'VerifyCA', ca: { name: 'db-ca' } },
    },
  },
  redis: {
    mode: 'External',
    external: {
      endpoints: [{ host: 'cache.example' }],
      credentials: { secretName: 'cache', passwordKey: 'token' },
      tls: { mode: 'Require' },
    },
  },
};
/** Longer than what was seen to fail is remembered. */
const LATER_MS = 60_000;
let harness: OperatorHarness;

function put(kind: 'Secret' | 'ConfigMap', name: string, values: Record<string, string>): void {
  const data = kind === 'ConfigMap' ? values : Object.fromEntries(Object.entries(values).map(encoded));
  const metadata = { name, namespace: 'auth' };
  harness.server.put({ apiVersion: 'v1', kind, metadata, data } as unknown as LiveObject, `${kind.toLowerCase()}s`);
}

const encoded = ([key, text]: [string, string]) => [key, Buffer.from(text).toString('base64')] as const;

function pooler(): string {
  const secret = harness.server.find('secrets', 'acme-pooler') as { data?: Record<string, string> } | undefined;
  return Object.values(secret?.data ?? {})
    .map((text) => Buffer.from(text, 'base64').toString('utf8'))
    .join('\n');
}

const condition = (type: string) => harness.status()?.conditions?.find((each) => each.type === type);

async function later(): Promise<void> {
  harness.clock.advance(LATER_MS);
  await harness.untilQuiet();
}

beforeEach(async () => {
  harness = new OperatorHarness(SPEC);
  await harness.start();
  put('Secret', 'db-app', { username: 'shop', password: 'first' });
  put('Secret', 'cache', { username: 'shop', token: 'first' });
  put('ConfigMap', 'db-ca', { 'ca.crt': '-----BEGIN CERTIFICATE-----' });
});
afterEach(() => harness.stop());

describe('an AuthCluster with external data tiers', () => {
  test('becomes Ready without a database or Redis of its own', async () => {
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
    expect([...harness.server.objects.keys()].filter((key) => key.startsWith('statefulsets/'))).toEqual([]);
    expect(pooler()).toContain('host=db.example port=5432 dbname=auth');
    expect(pooler()).toContain('"shop" "first"');
    expect(harness.status()).toMatchObject({ postgres: { primary: 'db.example:5432' }, redis: { ready: '1/1' } });
  });

  test('gives each user of the poolers a name of its own, whatever the role outside is called', async () => {
    put('Secret', 'db-app', { username: 'auth_app', password: 'first' });
    await harness.untilQuiet();
    const secret = live('secrets', 'acme-pooler') as unknown as { data: Record<string, string> };
    const userlist = Buffer.from(secret.data['userlist.txt'] ?? '', 'base64').toString('utf8');
    const users = userlist
      .trim()
      .split('\n')
      .map((line) => line.split('"')[1]);
    expect(users).toEqual(['authcluster_pooled_app', 'pgbouncer', 'auth_app']);
  });

  test('logs in to its servers with what the Secrets hold, by the authority that is named', async () => {
    const seen: PostgresMaterial[] = [];
    harness.checks.postgres = async (_external, material) => {
      seen.push(material);
      return { replicaProblems: [] };
    };
    await harness.untilQuiet();
    expect(seen[0]).toEqual({
      application: { username: 'shop', password: 'first' },
      ca: '-----BEGIN CERTIFICATE-----',
    });
  });

  test.each([
    [
      'no Secret',
      () => harness.server.remove('secrets', live('secrets', 'db-app')),
      'SecretMissing',
      'secretName: there is no Secret db-app',
    ],
    [
      'a Secret without a key',
      () => put('Secret', 'db-app', { username: 'shop' }),
      'SecretIncomplete',
      'passwordKey: Secret db-app has no value for key "password"',
    ],
    [
      'a role that is named as a user of the poolers',
      () => put('Secret', 'db-app', { username: 'pgbouncer', password: 'first' }),
      'UsernameReserved',
      'log in as another role',
    ],
    [
      'no authority',
      () => put('ConfigMap', 'db-ca', { other: '' }),
      'ConfigMapIncomplete',
      'tls.ca.key: ConfigMap db-ca',
    ],
    [
      'an authority that is none',
      () => put('ConfigMap', 'db-ca', { 'ca.crt': 'x' }),
      'ConfigMapIncomplete',
      'holds no certificate',
    ],
  ])('with %s says which field is wrong and what to do, and begins nothing', async (_what, spoil, reason, message) => {
    spoil();
    await harness.untilQuiet();
    expect(condition('DatabaseReady')).toMatchObject({ status: 'False', reason });
    expect(condition('DatabaseReady')?.message).toContain(`spec.postgres.external.`);
    expect(condition('DatabaseReady')?.message).toContain(message);
    expect(condition('Degraded')).toMatchObject({ status: 'True', reason });
    expect(harness.server.find('deployments', 'acme-pooler-rw')).toBeUndefined();
  });

  test('whose login stops working keeps what runs, and goes on when it works again', async () => {
    await harness.untilQuiet();
    const before = [live('deployments', 'acme-pooler-rw'), live('secrets', 'acme-redis-client')];
    const works = { ...harness.checks };
    const refusal = { reason: 'AuthenticationFailed', message: 'refused' } as const;
    harness.checks.postgres = async () => ({ problem: refusal, replicaProblems: [] });
    harness.checks.redis = async () => ({ problem: refusal, readyEndpoints: 0 });
    put('Secret', 'db-app', { username: 'shop', password: 'second' });
    put('Secret', 'cache', { username: 'shop', token: 'second' });
    await later();
    expect(condition('DatabaseReady')).toMatchObject({ status: 'False', reason: 'AuthenticationFailed' });
    expect(condition('CacheReady')).toMatchObject({ status: 'False', reason: 'AuthenticationFailed' });
    expect([live('deployments', 'acme-pooler-rw'), live('secrets', 'acme-redis-client')]).toEqual(before);
    expect(pooler()).toContain('"shop" "first"');
    expect(JSON.stringify(harness.status())).not.toMatch(/first|second/);

    Object.assign(harness.checks, works);
    await later();
    expect(harness.condition('Ready')).toBe('True');
    expect(pooler()).toContain('"shop" "second"');
  });

  test('with a replica that cannot be used serves, and says so', async () => {
    const external = { ...SPEC.postgres.external, replicas: { hosts: ['one.example', 'two.example'] } };
    harness.change({ ...SPEC, postgres: { ...SPEC.postgres, external } });
    const problem = { reason: 'Unreachable', message: 'two.example does not answer' } as const;
    harness.checks.postgres = async () => ({ replicaProblems: [problem] });
    await harness.untilQuiet();
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'Unreachable' });
    expect(harness.condition('Ready')).toBe('False');
    expect(harness.status()?.postgres).toMatchObject({ ready: '1/2' });
    expect(pooler()).toContain('host=one.example,two.example');
  });

  test.each([false, true])('cannot move a primary, and says so to whoever asks for it, paused: %s', async (paused) => {
    const external = { ...SPEC.postgres.external, replicas: { hosts: ['one.example'] } };
    harness.change({ ...SPEC, postgres: { ...SPEC.postgres, external } });
    await harness.untilQuiet();
    harness.annotate({ 'authcluster.dev/switchover': 'one.example' });
    await harness.untilQuiet();
    if (paused) harness.change({ ...SPEC, postgres: { ...SPEC.postgres, external }, paused });
    await harness.pass();
    const refused = { status: 'True', reason: 'SwitchoverRefused' };
    const message = expect.stringContaining('authcluster.dev/switchover has no effect with postgres.mode External');
    expect(condition('DatabaseReady')).toMatchObject(refused);
    expect(condition('Degraded')).toMatchObject({ ...refused, message });
    expect(harness.status()?.postgres).toMatchObject({ ready: '1/1' });
    harness.annotate({});
    await harness.pass();
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'Ready' });
    expect(condition('Degraded')).toMatchObject({ status: 'False' });
  });

  test('keeps its conditions while it is paused, and sleeps and wakes', async () => {
    await harness.untilQuiet();
    harness.change({ ...SPEC, paused: true });
    await harness.pass();
    expect(condition('DatabaseReady')).toMatchObject({ status: 'True', reason: 'Ready' });
    harness.change({ ...SPEC, hibernated: true });
    await harness.untilQuiet();
    expect(live('deployments', 'acme-pooler-rw')).toMatchObject({ spec: { replicas: 0 } });
    harness.change(SPEC);
    await harness.untilQuiet();
    expect(live('deployments', 'acme-pooler-rw')).toMatchObject({ spec: { replicas: 3 } });
    expect(harness.condition('Ready')).toBe('True');
  });
});

function live(plural: string, name: string): LiveObject {
  const object = harness.server.find(plural, name);
  if (object === undefined) throw new Error(`there is no ${plural}/${name}`);
  return object;
}
