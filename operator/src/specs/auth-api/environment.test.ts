import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { migrateEnvironment, serveEnvironment, warmEnvironment } from './environment.ts';

const CRD = parse(readFileSync(resolve(import.meta.dirname, '../../../../crds/authclusters.yaml'), 'utf8'));

/** The names that spec.api.env may not have, as the CEL rule of the CRD spells them (RE2, which JavaScript reads alike). */
function reservedNames(): RegExp {
  const { spec } = CRD.spec.versions[0].schema.openAPIV3Schema.properties;
  const rules: { rule: string }[] = spec.properties.api.properties.env.items['x-kubernetes-validations'];
  const pattern = rules.map(({ rule }) => /^!self\.name\.matches\('(.+)'\)$/.exec(rule)?.[1]).find(Boolean);
  if (pattern === undefined) throw new Error('no rule of spec.api.env reserves names');
  return new RegExp(pattern);
}

describe('the environment of the auth API', () => {
  const secretName = 'ours';
  const api = {
    hashing: { queueLength: 10 },
    tokens: { sessionMaxLifetimeSeconds: 43_200 },
    bootstrapAdmin: { secretName },
    oauthClients: { secretName },
    browsers: { origins: ['https://app.example.com'] },
    tracing: { endpoint: 'http://collector:4318', headersSecret: { name: secretName } },
  };
  const credentials = { secretName };
  const deliveries = [
    { smtp: { host: 'mail.example.com', credentials } },
    { webhook: { url: 'https://mail.example.com', credentials } },
  ];
  const clusters = deliveries.map((delivery) => {
    const mail = {
      from: 'a@example.com',
      resetURL: 'x',
      verifyURL: 'x',
      templates: { configMapName: 'ours' },
      ...delivery,
    };
    return clusterWith({ api: { ...api, serviceName: 'Shop', mail }, postgres: { readReplicas: 1 } });
  });
  const environments = [serveEnvironment, warmEnvironment, migrateEnvironment].flatMap((each) => clusters.map(each));
  const rendered = environments.flat().map(({ name }) => name);

  test.each([...new Set(rendered)])('keeps %s from being set twice', (name) => {
    expect(name).toMatch(reservedNames());
  });

  test('bounds sessions where the spec does, and there alone', () => {
    const bounds = (tokens: object) =>
      serveEnvironment(clusterWith({ api: { tokens } })).filter(({ name }) => name === 'SESSION_MAX_LIFETIME_SECONDS');
    expect(bounds({})).toEqual([]);
    expect(bounds({ sessionMaxLifetimeSeconds: 43_200 })).toMatchObject([{ value: '43200' }]);
  });

  test('believes the gateway where pods are: in private networks, or in those that the spec names', () => {
    const trusted = (spec: object) =>
      serveEnvironment(clusterWith(spec)).find(({ name }) => name === 'TRUSTED_PROXIES')?.value;
    expect(trusted({})).toBe('10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7');
    const clusterNetworks = ['240.0.0.0/4', '2001:db8::/32'];
    expect(trusted({ api: { clusterNetworks } })).toBe('240.0.0.0/4,2001:db8::/32');
    const withoutGateway = { enabled: false, trustedProxies: ['192.0.2.0/24'] };
    expect(trusted({ api: { clusterNetworks }, gateway: withoutGateway })).toBe('192.0.2.0/24');
  });

  test('has a variable once, as an object sets it that is older than the field', () => {
    const env = [{ name: 'TOKEN_ISSUER', value: 'https://older.example.com' }];
    for (const environment of [serveEnvironment, warmEnvironment]) {
      const entries = environment(clusterWith({ api: { env } })).filter(({ name }) => name === 'TOKEN_ISSUER');
      expect(entries).toEqual(env);
    }
  });

  test.each(['LOG_LEVEL', 'OTEL_SERVICE_NAME', 'LOG_SAMPLE_RATE'])('leaves %s to the user', (name) => {
    expect(name).not.toMatch(reservedNames());
  });
});
