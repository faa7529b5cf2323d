import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

let harness: OperatorHarness;
afterEach(() => harness.stop());

const ADMIN = { api: { bootstrapAdmin: { secretName: 'admin' } } };
const LEVEL = { name: 'LOG_LEVEL', valueFrom: { secretKeyRef: { name: 'ours', key: 'level' } } };

function put(name: string, values: Record<string, string>): void {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)]));
  const metadata = { name, namespace: 'auth' };
  harness.server.put({ apiVersion: 'v1', kind: 'Secret', metadata, data } as unknown as LiveObject, 'secrets');
}

function remove(name: string): void {
  const secret = harness.server.find('secrets', name);
  if (secret !== undefined) harness.server.remove('secrets', secret);
}

async function started(spec: object, secrets: Record<string, Record<string, string>> = {}): Promise<void> {
  harness = new OperatorHarness(spec);
  for (const [name, values] of Object.entries(secrets)) put(name, values);
  await harness.start();
}

const degraded = () => harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
const revision = () => harness.status()?.api?.rollout?.revision;

/** As many passes as it takes to bring everything up, whether or not each complains. */
async function passes(): Promise<void> {
  for (let count = 0; count < 10; count += 1) {
    harness.runWorkloads();
    await harness.pass().catch(() => undefined);
  }
}

describe('a Secret that the spec names and nobody has made', () => {
  test('is told with what to do, and stops nothing', async () => {
    await started(ADMIN);
    await passes();
    expect(degraded()).toMatchObject({
      status: 'True',
      reason: 'SecretMissing',
      message:
        'spec.api.bootstrapAdmin.secretName: there is no Secret admin in namespace auth: ' +
        'create it, with a value for "username" and "password"',
    });
    expect(harness.condition('ApiReady')).toBe('True');
    expect(harness.condition('GatewayReady')).toBe('True');
    put('admin', { username: 'root', password: 'secret' });
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('is told by the key that it lacks', async () => {
    await started(ADMIN, { admin: { username: 'root', password: '' } });
    await passes();
    expect(degraded()).toMatchObject({ reason: 'SecretIncomplete' });
    expect(degraded()?.message).toContain('Secret admin has no value for "password": add it');
    expect(harness.events.map(({ note }) => note).join()).not.toContain('root');
  });

  test('of clients may hold whatever clients there are, but some', async () => {
    await started({ api: { oauthClients: { secretName: 'clients' } } }, { clients: {} });
    await passes();
    expect(degraded()?.message).toContain('Secret clients has no key: add it');
    put('clients', { billing: 'secret' });
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  const mail = { from: 'a@example.com', resetURL: 'https://a/{token}', verifyURL: 'https://a/{token}' };
  const webhook = { url: 'https://mail.example.com', credentials: { secretName: 'mail' } };

  test('for mail is told with its keys, and so are texts', async () => {
    const smtp = { host: 'mail.example.com', credentials: { secretName: 'mail' } };
    await started({ api: { mail: { ...mail, smtp, templates: { configMapName: 'texts' } } } });
    await passes();
    expect(degraded()?.message).toContain('create it, with a value for "username" and "password"');
    expect(harness.condition('ApiReady')).toBe('True');
    put('mail', { username: 'shop', password: 'secret' });
    await passes();
    expect(degraded()?.message).toContain('spec.api.mail.templates: there is no ConfigMap texts');
  });

  test.each(['', 'whsec_short', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    'of a webhook is told where it is "%s"',
    async (secret) => {
      await started({ api: { mail: { ...mail, webhook } } }, { mail: { secret } });
      await passes();
      expect(degraded()?.reason).toBe(secret === '' ? 'SecretIncomplete' : 'SecretMalformed');
      expect(degraded()?.message).not.toContain('MfKQ');
      put('mail', { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n' });
      await harness.untilQuiet();
      expect(harness.condition('Ready')).toBe('True');
    },
  );

  test('is not missed while the AuthCluster sleeps, nor where it is optional', async () => {
    await started({ ...ADMIN, hibernated: true });
    await harness.untilQuiet();
    expect(degraded()).toMatchObject({ status: 'False' });
    const optional = { name: 'ours', key: 'level', optional: true };
    harness.change({ api: { env: [{ name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: optional } }] } });
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });
});

describe('a value that pods read once', () => {
  const ENV = { api: { env: [LEVEL] } };
  const tracing = { endpoint: 'http://collector:4318', headersSecret: { name: 'ours', key: 'level' } };

  test.each([
    ['a variable', ENV],
    ['headers of traces', { api: { tracing } }],
  ])('replaces the pods by a rollout when it changes: %s', async (_, spec) => {
    await started(spec, { ours: { level: 'info', other: '1' } });
    await harness.untilQuiet();
    const before = revision();
    put('ours', { level: 'info', other: '2' });
    await harness.untilQuiet();
    expect(revision()).toBe(before);
    put('ours', { level: 'debug' });
    await harness.untilQuiet();
    expect(revision()).not.toBe(before);
    expect(harness.status()?.api).toMatchObject({ activeColor: 'green', rollout: { phase: 'Baking' } });
    harness.clock.advance(61_000);
    await harness.untilQuiet();
    expect(harness.status()?.api?.rollout?.phase).toBe('Stable');
  });

  test('is not to be found on the pods, nor guessed from them', async () => {
    await started(ENV, { ours: { level: 'of the wine' } });
    await harness.untilQuiet();
    const text = JSON.stringify(harness.server.find('deployments', 'acme-api-blue'));
    expect(text).toMatch(/"authcluster.dev\/start-values":"[0-9a-f]{16}"/);
    expect(text).not.toContain('wine');
  });

  test.each([
    ['lost', () => remove('ours')],
    [
      'not to be read',
      () => {
        harness.server.intercept = (request) => {
          if (request.path.endsWith('/secrets/ours')) throw new ApiError(request, 500, '{}');
        };
      },
    ],
  ])('%s leaves the pods that have it alone, whether or not the operator is restarted', async (_, lose) => {
    await started(ENV, { ours: { level: 'info' } });
    await harness.untilQuiet();
    const before = revision();
    lose();
    await passes();
    harness.restart();
    await passes();
    expect(degraded()?.status).toBe('True');
    expect([revision(), harness.status()?.api?.activeColor]).toEqual([before, 'blue']);
    harness.server.intercept = () => undefined;
    put('ours', { level: 'info' });
    await harness.untilQuiet();
    expect([revision(), degraded()?.status]).toEqual([before, 'False']);
  });
});

test('a Secret that pods read again replaces no pod when it changes', async () => {
  await started(ADMIN, { admin: { username: 'root', password: 'one' } });
  await harness.untilQuiet();
  const before = revision();
  put('admin', { username: 'root', password: 'two' });
  await harness.untilQuiet();
  expect(revision()).toBe(before);
});
