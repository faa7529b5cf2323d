import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../kubernetes/objects.ts';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { dynamicConfiguration } from './patroni.ts';
import { withPresentSizes } from './present-sizes.ts';
import { unusableParameters } from './usable-parameters.ts';

const limited = (memory: string, over: object = {}) => ({ resources: { limits: { memory } }, ...over });

/** A pod with this limit; another container of it has another. */
function pod(memory: string | undefined, leaves = false): Pod {
  const containers = [
    { name: 'postgres', resources: memory === undefined ? {} : { limits: { memory } } },
    { name: 'exporter', resources: { limits: { memory: '96Mi' } } },
  ];
  const metadata = leaves ? { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' } : { name: 'x' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } } as unknown as Pod;
}

function settings(postgres: object, pods: readonly Pod[], volumeSizes: readonly string[] = []) {
  const cluster = withPresentSizes(clusterWith({ postgres }), { pods, volumeSizes });
  return dynamicConfiguration(cluster).postgresql.parameters;
}

describe('settings that follow from the memory limit', () => {
  test('do not follow a raised one before every pod has it', () => {
    expect(settings(limited('8Gi'), [pod('8Gi'), pod('2Gi'), pod('4Gi')]).shared_buffers).toBe('512MB');
    expect(settings(limited('8Gi'), [pod('8Gi'), pod('8Gi')]).shared_buffers).toBe('2048MB');
  });

  test('follow a lowered one at once, before the pods', () => {
    expect(settings(limited('1Gi'), [pod('8Gi'), pod('8Gi')]).shared_buffers).toBe('256MB');
  });

  test('are those of the spec where there is no pod, where none has a limit, and by what a pod has that leaves', () => {
    expect(settings(limited('8Gi'), []).shared_buffers).toBe('2048MB');
    expect(settings(limited('8Gi'), [pod(undefined), pod('1Gi', true), pod('12e9')]).shared_buffers).toBe('2048MB');
  });

  test('are held to the limit of the pods also where the spec has none, or the default is meant', () => {
    const unlimited = { resources: { requests: { memory: '8Gi' } } };
    expect(settings(unlimited, [pod('2Gi')]).shared_buffers).toBe('512MB');
    expect(settings({}, [pod('1Gi')]).shared_buffers).toBe('256MB');
  });

  test('are not overridden before either, which is told as no fault', () => {
    const raised = limited('8Gi', { parameters: { shared_buffers: '4GB' } });
    expect(settings(raised, [pod('2Gi')]).shared_buffers).toBe('512MB');
    expect(settings(raised, [pod('8Gi')]).shared_buffers).toBe('4GB');
    expect(unusableParameters(clusterWith({ postgres: raised }))).toEqual([]);
  });
});

test('settings that follow from the volume do not follow a raised size before every volume has it', () => {
  const raised = { storage: { size: '100Gi' } };
  const kept = (volumeSizes: string[]) => settings(raised, [], volumeSizes).max_slot_wal_keep_size;
  expect(kept(['100Gi', '10Gi'])).toBe('2560MB');
  expect(kept([])).toBe('25600MB');
});
