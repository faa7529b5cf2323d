import type { AuthCluster } from '../../api/authcluster.ts';
import { bytesOf, MEBIBYTE } from '../quantities.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';

const KIBIBYTE = 1024;
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['kB', KIBIBYTE],
  ['MB', MEBIBYTE],
  ['GB', 1024 * MEBIBYTE],
  ['TB', MEBIBYTE ** 2],
]);

const BUFFERS = 'shared_buffers';
const BLOCK_BYTES = 8 * KIBIBYTE;
/** The server has them for good; the rest is for connections, sorts, and the files that PostgreSQL reads through. */
const LARGEST_SHARE_OF_BUFFERS = 0.75;

/**
 * What the server has beside its buffers, or one operation of one connection may take: by name, the bytes that a number
 * without a unit counts. How many operations there are at once nobody knows, so that each is held to its own size alone.
 */
const BESIDE_BUFFERS: ReadonlyMap<string, number> = new Map([
  ['wal_buffers', BLOCK_BYTES],
  ['min_dynamic_shared_memory', MEBIBYTE],
  ['temp_buffers', BLOCK_BYTES],
  ['work_mem', KIBIBYTE],
  ['maintenance_work_mem', KIBIBYTE],
  ['autovacuum_work_mem', KIBIBYTE],
  ['logical_decoding_work_mem', KIBIBYTE],
]);

/**
 * Parameters of the spec that cannot be within the memory limit, by name, each with what is allowed and what to do, for a
 * person: with them the kernel would end PostgreSQL sooner or later. None where there is no limit.
 */
export function beyondMemory(cluster: AuthCluster): ReadonlyMap<string, string> {
  const { parameters = {} } = cluster.spec.postgres;
  const bounds = boundsOf(cluster);
  return new Map(
    Object.entries(parameters)
      .filter(([name, value]) => !fits(bounds, name, value))
      .map(([name, value]) => [name, refusal(cluster, name, value, bounds.get(name) ?? 0)]),
  );
}

/** Tells whether a value of a parameter, by name, is within the memory limit as far as can be known. */
export function isWithinMemory(cluster: AuthCluster): (name: string, value: string) => boolean {
  const bounds = boundsOf(cluster);
  return (name, value) => fits(bounds, name, value);
}

/** The most that a parameter may be, in bytes, by name. */
function boundsOf(cluster: AuthCluster): ReadonlyMap<string, number> {
  const limit = memoryLimit(cluster);
  if (limit === undefined) return new Map();
  const limitBytes = bytesOf(limit);
  const most = limitBytes * LARGEST_SHARE_OF_BUFFERS;
  const asked = parameterBytes(cluster.spec.postgres.parameters?.[BUFFERS] ?? '', BLOCK_BYTES);
  const buffers = asked === undefined || asked > most ? limitBytes / 4 : asked;
  return new Map([[BUFFERS, most], ...[...BESIDE_BUFFERS.keys()].map((name) => [name, limitBytes - buffers] as const)]);
}

function fits(bounds: ReadonlyMap<string, number>, name: string, value: string): boolean {
  const bytes = parameterBytes(value, BESIDE_BUFFERS.get(name) ?? BLOCK_BYTES);
  return bytes === undefined || bytes <= (bounds.get(name) ?? Number.POSITIVE_INFINITY);
}

function memoryLimit({ spec }: AuthCluster): string | number | undefined {
  const resources = spec.postgres.resources ?? DEFAULT_RESOURCES.postgres;
  return resources.limits?.memory;
}

function refusal(cluster: AuthCluster, name: string, value: string, mostBytes: number): string {
  const most = `${Math.floor(mostBytes / MEBIBYTE)}MB`;
  const what = name === BUFFERS ? 'three quarters of it' : `what ${BUFFERS} leaves of it`;
  return (
    `spec.postgres.parameters.${name}: ${JSON.stringify(value)} is not within the memory limit of ` +
    `${memoryLimit(cluster)}: at most ${most} is allowed, ${what}; lower it, or raise ` +
    'spec.postgres.resources.limits.memory. Until then the database goes on without it'
  );
}

const VALUE = /^\s*([-+]?(?:0x[0-9a-f]+|[0-9.]+(?:e[-+]?\d+)?))\s*([kMGT]?B)?\s*$/i;

/**
 * Bytes of a value as PostgreSQL reads it (its documentation, "Parameter Names and Values"), a number without a unit being
 * of `unitBytes`. Undefined for what is no such value, which is refused elsewhere.
 */
export function parameterBytes(value: string, unitBytes: number): number | undefined {
  const [, number = '', unit = ''] = VALUE.exec(value) ?? [];
  const multiplier = unit === '' ? unitBytes : UNIT_BYTES.get(unit);
  const count = numberOf(number);
  return multiplier === undefined || number === '' || Number.isNaN(count) ? undefined : count * multiplier;
}

/** As C reads them: hexadecimal numbers begin with 0x, octal ones with 0. */
function numberOf(text: string): number {
  if (/^[-+]?0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text, 16);
  return /^[-+]?0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
}
