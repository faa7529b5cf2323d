import type { Resources } from '../api/generated/authcluster.ts';
import { bytesOf, MEBIBYTE, mebibytes } from './quantities.ts';

/** What a tier gets that is given no `resources`. The reference page lists them. */
export const DEFAULT_RESOURCES = {
  api: { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
  gateway: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  postgres: { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '2Gi' } },
  pooler: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  warming: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  exporter: { requests: { cpu: '10m', memory: '24Mi' }, limits: { memory: '96Mi' } },
  migrations: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
} as const satisfies Record<string, Resources>;

/** Memory that Redis needs to hold `maxMemory`: a quarter and 32 MiB more, the bound of the CRD's rule. */
function redisMemoryBytes(maxMemory: string): number {
  return Math.ceil(bytesOf(maxMemory) * 1.25) + 32 * MEBIBYTE;
}

/** The default for Redis follows from spec.redis.maxMemory. */
export function defaultRedisResources(maxMemory: string): Resources {
  const memory = mebibytes(redisMemoryBytes(maxMemory));
  return { requests: { cpu: '100m', memory }, limits: { memory } };
}

/** Memory that a pod with these resources may count on, in bytes: its limit, else what it requests, else the default's. */
export function memoryBytes(resources: Resources | undefined, defaults: Resources): number {
  const memory =
    resources?.limits?.memory ??
    resources?.requests?.memory ??
    defaults.limits?.memory ??
    defaults.requests?.memory ??
    '256Mi';
  return bytesOf(memory);
}
