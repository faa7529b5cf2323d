import { describe, expect, test } from '@jest/globals';
import { clusterWith, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import type { Manifest } from '../manifest.ts';
import { gateway } from './gateway.ts';

interface PodSpec {
  initContainers: { name: string; image: string; args: string[]; volumeMounts: object[]; env: object[] }[];
  containers: { image: string; volumeMounts: object[]; env: object[] }[];
  volumes: { name: string; configMap?: { name: string }; secret?: object }[];
}

function rendered(spec: object) {
  const objects = gateway(clusterWith({ gateway: spec }), SAMPLE_INPUTS);
  const configMap = objects.find(({ kind }) => kind === 'ConfigMap');
  const { spec: deployment } = objects.find(({ kind }) => kind === 'Deployment') as Manifest;
  const { template, strategy } = deployment as { template: { spec: PodSpec }; strategy: object };
  return { pod: template.spec, strategy, configMap };
}

describe('a configuration of the gateway', () => {
  test('is an object of its own, that never changes and that its pods name', () => {
    const slow = rendered({ rateLimits: { login: { requestsPerSecond: 1 } } });
    const fast = rendered({ rateLimits: { login: { requestsPerSecond: 9 } } });
    expect(slow.configMap).toMatchObject({ immutable: true });
    expect(slow.configMap?.metadata.name).not.toBe(fast.configMap?.metadata.name);
    for (const { pod, configMap } of [slow, fast]) {
      expect(pod.volumes).toContainEqual({ name: 'configuration', configMap: { name: configMap?.metadata.name } });
    }
  });

  test('does not roll pods for what concerns other tiers, nor for their number', () => {
    const name = (spec: object) => gateway(clusterWith(spec), SAMPLE_INPUTS)[0]?.metadata.name;
    expect(name({ api: { pools: { write: 7 } }, gateway: { autoscaling: { maxReplicas: 30 } } })).toBe(name({}));
  });

  test('is checked with the same image, files and variables, before a pod serves and before another goes', () => {
    const { pod, strategy } = rendered({ tls: { secretName: 'auth-tls' } });
    const [check] = pod.initContainers;
    const [server] = pod.containers;
    expect(check).toMatchObject({ args: ['check'], terminationMessagePolicy: 'FallbackToLogsOnError' });
    for (const part of ['image', 'volumeMounts', 'env'] as const) expect(check?.[part]).toEqual(server?.[part]);
    expect(strategy).toMatchObject({ rollingUpdate: { maxUnavailable: 0 } });
  });

  test('waits for a Secret that is missing in its check, which says so, not in a mount that fails', () => {
    const { pod } = rendered({ tls: { secretName: 'auth-tls' } });
    const secret = { secretName: 'auth-tls', optional: true };
    expect(pod.volumes).toContainEqual(
      expect.objectContaining({ name: 'tls', secret: expect.objectContaining(secret) }),
    );
  });
});
