import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const ROTATE = 'authcluster.dev/rotate-credentials';
const SECRETS = ['superuser', 'replication', 'patroni', 'migrator', 'app', 'pooler'].map(
  (each) => `acme-postgres-${each}`,
);
const ALL = [...SECRETS, 'acme-redis-auth'];
const DAY_MS = 86_400_000;
let harness: OperatorHarness;
afterEach(() => harness.stop());

async function settled(spec: object = {}): Promise<void> {
  harness = new OperatorHarness(spec);
  harness.hasPods = true;
  await harness.start();
  await harness.untilQuiet();
  harness.randomByte = 8;
}

function rotating(): { status?: string; reason?: string; message?: string } {
  return harness.status()?.conditions?.find(({ type }) => type === 'CredentialsRotating') ?? {};
}

const password = (secret: string) => harness.secretValues(secret).password;
const passwords = () => ALL.map(password);

describe('a rotation of the generated credentials', () => {
  test('replaces each of them, and tells when it is done', async () => {
    await settled();
    expect(rotating()).toMatchObject({ status: 'False', reason: 'Settled' });
    const before = passwords();
    harness.annotate({ [ROTATE]: 'today' });
    await harness.untilQuiet();
    expect(passwords().every((each, index) => each !== before[index])).toBe(true);
    const names = ALL.map((secret) => harness.secretValues(secret).username);
    const roles = ['postgres', 'replicator_b', 'patroni', 'auth_migrator', 'auth_app_b', 'pgbouncer_b', 'auth_api'];
    expect(names).toEqual(roles);
    for (const secret of ALL) {
      const left = Object.keys(harness.secretValues(secret)).filter((key) => /^(next|previous|expired)-/.test(key));
      expect([secret, left, harness.secretValues(secret).rotation]).toEqual([secret, [], 'today']);
    }
    expect(rotating()).toMatchObject({ status: 'False', reason: 'Settled' });
    expect(harness.condition('Ready')).toBe('True');
    const reasons = harness.events.map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['CredentialsAdding', 'CredentialsSettled']));
  });

  test('goes back to the first names with the next one', async () => {
    await settled();
    for (const day of ['1', '2']) {
      harness.annotate({ [ROTATE]: day });
      await harness.untilQuiet();
    }
    expect(harness.secretValues('acme-postgres-app').username).toBe('auth_app');
  });

  test('comes by itself after as many days as the spec says', async () => {
    await settled({ credentials: { rotationDays: 30 } });
    const creationTimestamp = new Date(harness.clock.now()).toISOString();
    for (const name of ALL) {
      const secret = harness.server.find('secrets', name) as LiveObject;
      harness.server.put({ ...secret, metadata: { ...secret.metadata, creationTimestamp } }, 'secrets');
    }
    const before = passwords();
    harness.clock.advance(29 * DAY_MS);
    await harness.untilQuiet();
    expect(passwords()).toEqual(before);
    harness.clock.advance(DAY_MS);
    await harness.untilQuiet();
    expect(passwords().some((each, index) => each === before[index])).toBe(false);
  });

  test('waits for whoever has not moved, and says whom; what is used before is taken until then', async () => {
    await settled();
    harness.refusing = (what) => (what === 'clients' ? ['acme-pooler-rw-0'] : []);
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(rotating()).toMatchObject({ status: 'True', reason: 'Moving' });
    expect(rotating().message).toContain('acme-postgres-app: Moving, waiting for connections of the former login');
    const pooler = harness.secretValues('acme-pooler')['userlist.txt'];
    expect(pooler).toContain('"auth_app" ');
    expect(pooler).toContain('"auth_app_b" ');
    harness.refusing = () => [];
    harness.clock.advance(5000);
    await harness.untilQuiet();
    expect(harness.secretValues('acme-pooler')['userlist.txt']).not.toContain('"auth_app" ');
  });

  test.each([
    ['patroni', 'Moving', 'acme-postgres-patroni: Moving, waiting for Patroni to take the new login: acme-postgres-0'],
    ['former', 'Removing', 'acme-postgres-pooler: Removing, waiting for poolers to refuse the former login'],
  ])('does not end before each %s server has followed', async (server, reason, message) => {
    await settled();
    harness.refusing = (what) => (what === server ? ['acme-postgres-0'] : []);
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(rotating()).toMatchObject({ status: 'True', reason, message: expect.stringContaining(message) });
    harness.refusing = () => [];
    harness.clock.advance(5000);
    await harness.untilQuiet();
    expect(rotating()).toMatchObject({ status: 'False', reason: 'Settled' });
  });

  test('has nobody use a credential that a server does not take yet', async () => {
    await settled();
    const before = harness.secretValues('acme-redis-auth').password;
    harness.refusing = (what) => (what === 'redis' ? ['acme-redis-0-0'] : []);
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(password('acme-redis-auth')).toBe(before);
    expect(rotating()).toMatchObject({ reason: 'Adding' });
    expect(rotating().message).toContain('Redis pods to read their users: acme-redis-0-0');
  });

  test('rests while the AuthCluster sleeps or is paused', async () => {
    await settled();
    const before = passwords();
    for (const asleep of [{ paused: true }, { hibernated: true }]) {
      harness.change(asleep);
      harness.annotate({ [ROTATE]: '1' });
      await harness.untilQuiet();
      expect(passwords()).toEqual(before);
    }
  });

  test('writes over nothing that somebody else wrote meanwhile', async () => {
    await settled();
    harness.annotate({ [ROTATE]: '1' });
    let done = false;
    harness.server.intercept = ({ method, path }) => {
      if (done || method !== 'PATCH' || !path.endsWith('/secrets/acme-postgres-app')) return;
      done = true;
      const secret = harness.server.find('secrets', 'acme-postgres-app') as LiveObject & { data: object };
      const data = { ...secret.data, note: Buffer.from('theirs').toString('base64') };
      harness.server.put({ ...secret, data } as LiveObject, 'secrets');
    };
    await harness.pass();
    expect(harness.secretValues('acme-postgres-app')).not.toHaveProperty('next-password');
    await harness.untilQuiet();
    expect(harness.secretValues('acme-postgres-app')).toMatchObject({ note: 'theirs', username: 'auth_app_b' });
  });

  test('tells no secret', async () => {
    await settled();
    harness.refusing = () => ['x'];
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    const told = JSON.stringify([harness.status(), harness.events]);
    for (const secret of ALL) {
      const values = Object.entries(harness.secretValues(secret)).filter(([key]) => /password|verifier/.test(key));
      for (const [, value] of values) expect(told).not.toContain(value);
    }
  });
});

describe('the login of exporters', () => {
  const monitoring = () => harness.secretValues('acme-monitoring');
  const spec = { monitoring: { enabled: true } };

  test('is rotated with the others, and its turn goes back with the next one', async () => {
    await settled(spec);
    const before = monitoring();
    expect(before.username).toBe('auth_monitoring');
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(monitoring()).toMatchObject({ username: 'auth_monitoring_b', rotation: '1' });
    expect(monitoring().password).not.toBe(before.password);
    expect(monitoring()['redis-password']).not.toBe(before['redis-password']);
    expect(Object.keys(monitoring()).some((key) => /^(next|previous|expired)-/.test(key))).toBe(false);
    expect(rotating()).toMatchObject({ status: 'False', reason: 'Settled' });
    harness.annotate({ [ROTATE]: '2' });
    await harness.untilQuiet();
    expect(monitoring().username).toBe('auth_monitoring');
  });

  test('is taken as it was until every exporter tells that it uses the new one', async () => {
    await settled(spec);
    harness.refusing = (what) => (what === 'exporters' ? ['acme-postgres-1'] : []);
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(rotating()).toMatchObject({ status: 'True', reason: 'Moving' });
    expect(rotating().message).toBe(
      'acme-monitoring: Moving, waiting for exporters to use the new login: acme-postgres-1',
    );
    const userlist = () => harness.secretValues('acme-pooler')['userlist.txt'];
    expect(userlist()).toMatch(/"auth_monitoring_b" .*\n"auth_monitoring" /);
    const acl = () =>
      /user monitoring on((?: #\w{64})+)/.exec(harness.secretValues('acme-redis')['users.acl'] ?? '')?.[1];
    expect(acl()).toHaveLength(2 * 66);
    harness.refusing = () => [];
    harness.clock.advance(5000);
    await harness.untilQuiet();
    expect(userlist()).not.toContain('"auth_monitoring" ');
    expect(acl()).toHaveLength(66);
  });

  test.each([
    ['pooler', 'Adding', 'poolers to take the new login: x'],
    ['redis', 'Adding', 'Redis pods to read their users: x'],
    ['former', 'Removing', 'poolers to refuse the former login: x'],
  ])('does not go on before each %s has followed', async (server, stage, message) => {
    await settled(spec);
    harness.refusing = (what) => (what === server ? ['x'] : []);
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(rotating().message).toContain(`acme-monitoring: ${stage}, waiting for ${message}`);
  });

  test('is not begun before pods of an earlier release are replaced; all else is rotated, and that is told', async () => {
    await settled(spec);
    harness.podsAreOlder = true;
    await harness.untilQuiet();
    const [former, before] = [monitoring(), passwords()];
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    expect(monitoring()).toEqual(former);
    expect(passwords().filter((each) => before.includes(each))).toEqual([]);
    expect(rotating()).toMatchObject({ status: 'False', reason: 'Settled' });
    expect(rotating().message).toContain(
      'acme-monitoring: not begun, waiting for pods of an earlier release, whose exporters read their login once, to be ' +
        'replaced: acme-postgres-0, acme-postgres-1, acme-postgres-2',
    );
    harness.podsAreOlder = false;
    await harness.untilQuiet();
    expect(monitoring()).toMatchObject({ username: 'auth_monitoring_b', rotation: '1' });
    expect(rotating().message).toBe('no credential is being rotated');
  });
});

test.each([
  ['', ALL, {}],
  [' of the login of exporters', ['acme-monitoring'], { monitoring: { enabled: true } }],
])(
  'a rotation%s that is cut off at each write, by an operator that is restarted, ends as any other',
  async (_, secrets, spec) => {
    for (let failing = 1, calls = Number.POSITIVE_INFINITY; failing <= calls; failing += 1) {
      await settled(spec);
      const before = secrets.map(password);
      let count = 0;
      harness.server.afterwards = (request) => {
        if (request.method !== 'PATCH' || !secrets.some((name) => request.path.endsWith(`/secrets/${name}`))) return;
        count += 1;
        if (count === failing) throw new ApiError(request, 500, '{}');
      };
      harness.annotate({ [ROTATE]: '1' });
      for (let passes = 0; passes < 8; passes += 1) {
        harness.restart();
        harness.runWorkloads();
        await harness.pass().catch(() => undefined);
      }
      await harness.untilQuiet();
      const kept = secrets.map(password).filter((each, index) => each === before[index]);
      expect([failing, kept, rotating().reason]).toEqual([failing, [], 'Settled']);
      harness.stop();
      calls = count;
    }
  },
  300_000,
);
