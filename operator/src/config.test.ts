import { describe, expect, test } from '@jest/globals';
import { ConfigError, parseConfig } from './config.ts';

const complete = {
  AUTH_API_IMAGE: 'registry.example/auth-api:1',
  POSTGRES_IMAGES: '{"17":"registry.example/postgres:17"}',
  PGBOUNCER_IMAGE: 'registry.example/pgbouncer:1',
  REDIS_IMAGE: 'registry.example/redis:1',
  GATEWAY_IMAGE: 'registry.example/gateway:1',
  EXPORTERS_IMAGE: 'registry.example/exporters:1',
};

describe('parseConfig', () => {
  test('fills in the defaults', () => {
    expect(parseConfig(complete)).toMatchObject({
      watchNamespaces: [],
      metricsPort: 8080,
      healthPort: 8081,
      logLevel: 'info',
      leaderElection: true,
      leaseName: 'authcluster-operator',
      tracing: false,
      apiServer: undefined,
      images: { postgres: { '17': 'registry.example/postgres:17' } },
    });
  });

  test('reads lists separated by commas', () => {
    const config = parseConfig({ ...complete, WATCH_NAMESPACES: 'a, b,', IMAGE_PULL_SECRETS: 'pull' });
    expect(config).toMatchObject({ watchNamespaces: ['a', 'b'], imagePullSecrets: ['pull'] });
  });

  test('knows that it runs in a pod, unless a context of a kubeconfig is asked for', () => {
    const inPod = { ...complete, KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    expect(parseConfig(inPod).apiServer).toEqual({ host: '10.96.0.1', port: 443 });
    expect(parseConfig({ ...inPod, KUBE_CONTEXT: 'kind' }).apiServer).toBeUndefined();
  });

  test.each([
    ['AUTH_API_IMAGE', undefined],
    ['POSTGRES_IMAGES', undefined],
    ['POSTGRES_IMAGES', 'not json'],
    ['POSTGRES_IMAGES', '{"latest":"x"}'],
    ['METRICS_PORT', 'http'],
    ['HEALTH_PORT', '70000'],
    ['LEADER_ELECTION', 'yes'],
    ['LEASE_NAME', 'Not_A_Name'],
    ['LOG_LEVEL', 'loud'],
    ['WATCH_NAMESPACES', 'Not_A_Name'],
  ])('names %s when it is %p', (variable, value) => {
    expect(() => parseConfig({ ...complete, [variable]: value })).toThrow(ConfigError);
    expect(() => parseConfig({ ...complete, [variable]: value })).toThrow(variable);
  });

  test('names all that is wrong at once', () => {
    expect(() => parseConfig({})).toThrow(/AUTH_API_IMAGE.*PGBOUNCER_IMAGE.*REDIS_IMAGE/);
  });
});
