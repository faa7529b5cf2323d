import type { AuthCluster } from '../../api/authcluster.ts';
import type { Pod } from '../../kubernetes/objects.ts';
import { bytesOf, isQuantityOfBytes } from '../quantities.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';

/** What the database has at present. */
export interface PresentSizes {
  pods: readonly Pod[];
  /** Of volumes that are still to grow, such as `10Gi`. */
  volumeSizes: readonly string[];
}

/**
 * The AuthCluster with the memory and the volume that all members have: settings reach every one of them at once, also one
 * that waits to be made anew with more, and may start anew before. What is lowered is so at once.
 */
export function withPresentSizes(cluster: AuthCluster, { pods, volumeSizes }: PresentSizes): AuthCluster {
  const { postgres } = cluster.spec;
  const { limits } = postgres.resources ?? DEFAULT_RESOURCES.postgres;
  const memory = smallest(limits?.memory, pods.flatMap(memoryLimits));
  const size = smallest(postgres.storage.size, volumeSizes);
  if (memory === undefined && size === undefined) return cluster;
  const resources = memory === undefined ? {} : { resources: { ...postgres.resources, limits: { ...limits, memory } } };
  const storage = size === undefined ? {} : { storage: { ...postgres.storage, size } };
  return { ...cluster, spec: { ...cluster.spec, postgres: { ...postgres, ...resources, ...storage } } };
}

/** Undefined where none is smaller than what is wanted. */
function smallest(wanted: string | number | undefined, sizes: readonly string[]): string | undefined {
  const wantedBytes = wanted === undefined ? Number.POSITIVE_INFINITY : bytesOf(wanted);
  // Others may have written them, in forms that a spec does not take.
  const smaller = sizes.filter((size) => isQuantityOfBytes(size) && bytesOf(size) < wantedBytes);
  return smaller.sort((left, right) => bytesOf(left) - bytesOf(right))[0];
}

/** Of PostgreSQL in a pod that stays; none where it has no limit. */
function memoryLimits({ metadata, spec }: Pod): string[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const { resources } = spec.containers?.find(({ name }) => name === 'postgres') ?? {};
  return resources?.limits?.memory === undefined ? [] : [String(resources.limits.memory)];
}
