import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { SHAPE_ANNOTATION } from '../specs/names.ts';
import { dynamicConfiguration } from '../specs/postgres/patroni.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const limited = (memory: string) => ({ postgres: { resources: { limits: { memory } } } });
const CONFIG = 'acme-postgres-config';

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness(limited('2Gi'));
  await harness.start();
  await harness.untilQuiet();
  const { labels = {} } = live('configmaps', 'acme-postgres-leader').metadata;
  const annotations = { initialize: '7', config: JSON.stringify(dynamicConfiguration(harness.cluster)) };
  const metadata = { name: CONFIG, namespace: 'auth', labels, annotations };
  harness.server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, 'configmaps');
  for (const ordinal of [0, 1, 2]) remade(ordinal, '2Gi');
  await harness.untilQuiet();
});
afterEach(() => harness.stop());

function live(plural: string, name: string): LiveObject {
  const object = harness.server.find(plural, name);
  if (object === undefined) throw new Error(`there is no ${plural}/${name}`);
  return object;
}

/** A database pod of the first template, with this limit. */
function remade(ordinal: number, memory: string): void {
  const pod = live('pods', `acme-postgres-${ordinal}`);
  const labels = { ...pod.metadata.labels, 'controller-revision-hash': '1' };
  const metadata = { ...pod.metadata, labels, annotations: { [SHAPE_ANNOTATION]: 'former' } };
  const containers = [{ name: 'postgres', resources: { limits: { memory } } }];
  harness.server.put({ ...pod, metadata, spec: { containers } } as KubernetesObject, 'pods');
}

function buffers(): string {
  const { config = '{}' } = live('configmaps', CONFIG).metadata.annotations ?? {};
  return JSON.parse(config).postgresql.parameters.shared_buffers;
}

describe('settings that follow from the memory limit', () => {
  test('follow a raised one when the last pod has it, wherever a pod starts anew before', async () => {
    expect(buffers()).toBe('512MB');
    harness.change(limited('8Gi'));
    await harness.untilQuiet();
    expect(buffers()).toBe('512MB');
    for (const ordinal of [1, 2]) remade(ordinal, '8Gi');
    await harness.untilQuiet();
    expect(buffers()).toBe('512MB');
    remade(0, '8Gi');
    await harness.untilQuiet();
    expect(buffers()).toBe('2048MB');
  });

  test('follow a lowered one before there is a template by which a pod could be made with less', async () => {
    harness.change(limited('1Gi'));
    const writes = await harness.pass();
    const place = (path: string) => writes.findIndex((write) => write.endsWith(path));
    expect(place(`/configmaps/${CONFIG}`)).toBeGreaterThanOrEqual(0);
    expect(place(`/configmaps/${CONFIG}`)).toBeLessThan(place('/statefulsets/acme-postgres'));
    expect(buffers()).toBe('256MB');
  });

  test.each([
    ['refused', 403],
    ['overtaken by others', 409],
  ])('let no pod be made anew with less while they are %s', async (_why, status) => {
    let refuses = true;
    harness.server.intercept = (request) => {
      const isSettings = request.method === 'PATCH' && request.path.endsWith(`/configmaps/${CONFIG}`);
      if (refuses && isSettings) throw new ApiError(request, status, '{"reason":"Conflict"}');
    };
    const replaced = () => harness.moves.filter(({ kind }) => kind === 'replace').length;
    harness.change(limited('1Gi'));
    await harness.pass().catch(() => undefined);
    const statefulSet = live('statefulsets', 'acme-postgres');
    const newest = { observedGeneration: statefulSet.metadata.generation, updateRevision: '2' };
    harness.server.put({ ...statefulSet, status: newest } as KubernetesObject, 'statefulsets');
    await harness.pass().catch(() => undefined);
    expect(replaced()).toBe(0);
    refuses = false;
    await harness.pass();
    expect([replaced(), buffers()]).toEqual([1, '256MB']);
  });
});
