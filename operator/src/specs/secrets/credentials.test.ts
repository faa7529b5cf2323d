import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { generatedSecrets, readCredentials } from './credentials.ts';
import { signingKey } from './signing-keys.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

function generateAll(spec: object = {}) {
  const secrets = generatedSecrets(clusterWith(spec)).map(({ generate }) => generate(randomBytes, NOW));
  const values = secrets.map((secret) => {
    const data = Object.entries((secret as unknown as { data: Record<string, string> }).data);
    return [secret.metadata.name, Object.fromEntries(data.map(([key, text]) => [key, fromBase64(text)]))] as const;
  });
  return { secrets, values: Object.fromEntries(values) };
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString('utf8');

describe('generated Secrets', () => {
  test('hold everything that is needed', () => {
    expect(readCredentials(clusterWith({}), generateAll().values)).toMatchObject({
      kind: 'complete',
      credentials: { postgres: { app: { username: 'auth_app' }, pooler: { username: 'pgbouncer' } } },
    });
  });

  test('hold what exporters log in with where monitoring is on, and only there', () => {
    const spec = { monitoring: { enabled: true } };
    expect(readCredentials(clusterWith(spec), generateAll(spec).values)).toMatchObject({
      credentials: {
        postgres: { monitoring: { username: 'auth_monitoring', verifier: expect.stringMatching(/^SCRAM-SHA-256\$/) } },
        redis: { monitoring: { password: expect.stringMatching(/^.{32}$/) } },
        exporterLogin: 'auth_monitoring',
      },
    });
    const { secrets, values } = generateAll();
    expect(secrets.map(({ metadata }) => metadata.name)).not.toContain('acme-monitoring');
    expect(readCredentials(clusterWith({}), values)).toMatchObject({
      credentials: { postgres: { monitoring: undefined }, redis: { monitoring: undefined }, exporterLogin: undefined },
    });
  });

  test('let no exporter into poolers before an external database, where it would be who reads and writes rows', () => {
    const spec = { monitoring: { enabled: true }, postgres: { mode: 'External' } };
    expect(readCredentials(clusterWith(spec), generateAll(spec).values)).toMatchObject({
      credentials: { postgres: { monitoring: undefined } },
    });
  });

  test('share no password, and never repeat one', () => {
    const isPassword = (key: string) => key.endsWith('password');
    const monitored = { monitoring: { enabled: true } };
    const passwords = [generateAll(monitored), generateAll(monitored)].flatMap(({ values }) =>
      Object.values(values).flatMap((secret) => Object.entries(secret).filter(([key]) => isPassword(key))),
    );
    expect(new Set(passwords.map(([, value]) => value)).size).toBe(passwords.length);
    for (const [, value] of passwords) expect(value).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });

  test('outlive the AuthCluster under Retain, and go with it under Delete', () => {
    for (const { metadata } of generateAll().secrets) expect(metadata.ownerReferences).toBeUndefined();
    for (const { metadata } of generateAll({ deletionPolicy: 'Delete' }).secrets) {
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'AuthCluster', name: 'acme' }]);
    }
  });

  test('are never controlled, so that nothing prunes them', () => {
    for (const { metadata } of generateAll({ deletionPolicy: 'Delete' }).secrets) {
      expect(metadata.ownerReferences?.some(({ controller }) => controller)).toBe(false);
    }
  });

  test('are none for servers of somebody else, but for the logins at the poolers', () => {
    const external = { postgres: { mode: 'External' }, redis: { mode: 'External' } };
    const generated = generateAll(external).secrets.map(({ metadata }) => metadata.name);
    expect(generated).toEqual(['acme-postgres-app', 'acme-postgres-pooler', 'acme-signing-keys']);
  });

  test('that lack a key are told apart, by Secret and key', () => {
    const { values } = generateAll();
    const broken = { ...values, 'acme-redis-auth': { ...values['acme-redis-auth'], 'operator-password': '' } };
    expect(readCredentials(clusterWith({}), broken)).toEqual({
      kind: 'incomplete',
      secret: 'acme-redis-auth',
      key: 'operator-password',
    });
  });
});

test('the token of the operator is what the auth API derives from the same key', () => {
  const values = { ...generateAll().values };
  const derivationKey = Buffer.alloc(32, 7).toString('base64');
  values['acme-signing-keys'] = { ...values['acme-signing-keys'], 'derivation.key': derivationKey };
  // auth-api/src/http/ops.test.ts holds the same.
  expect(readCredentials(clusterWith({}), values)).toMatchObject({
    credentials: { api: { operationsToken: 'G0SHIj7cryADkQ0KaREaw5gjw6UrHQa8WTJdCH9-EEc' } },
  });
});

describe('a signing key', () => {
  test('is that of RFC 8032 section 7.1, test 1, made from its secret', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const key = signingKey(() => seed, NOW, 'active');
    const publicKey = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
    expect(key.x).toBe(publicKey.toString('base64url'));
    // RFC 8037 appendix A.3 gives the thumbprint of this very key.
    expect(key.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  test('signs what its public part verifies', () => {
    const key = signingKey(randomBytes, NOW, 'active');
    const { kty, crv, x, d } = key;
    const signature = sign(null, Buffer.from('token'), createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
    const publicKey = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
    expect(verify(null, Buffer.from('token'), publicKey, signature)).toBe(true);
  });

  test('says since when it exists', () => {
    expect(signingKey(randomBytes, NOW, 'pending')).toMatchObject({ status: 'pending', created_at: NOW.toISOString() });
  });
});
