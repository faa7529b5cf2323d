import type { Hashing } from './calibration.ts';

/** How many pods an autoscaler may run. */
export interface Replicas {
  readonly min: number;
  /** What the planned peak needs. */
  readonly peak: number;
  readonly max: number;
}

/** One AuthCluster, in the numbers that decide what it can carry. */
export interface Deployment {
  readonly api: {
    readonly replicas: Replicas;
    readonly podCores: number;
    readonly podMemoryMib: number;
    readonly hashing: Hashing;
    readonly queueLength: number;
    readonly writePool: number;
    readonly readPool: number;
  };
  readonly gateway: { readonly replicas: Replicas; readonly podCores: number };
  readonly postgres: {
    readonly cores: number;
    readonly memoryGib: number;
    readonly storageGib: number;
    readonly readReplicas: number;
    readonly maxConnections: number;
    readonly poolerInstances: number;
    readonly maxClientConnections: number;
  };
  readonly redis: { readonly shards: number; readonly maxMemoryMib: number };
}
