import type { AuthCluster } from '../../api/authcluster.ts';
import { bytesOf, clamp, MEBIBYTE } from '../quantities.ts';
import { DEFAULT_RESOURCES, memoryBytes } from '../resources.ts';
import { usableParameters } from './usable-parameters.ts';

export const DEFAULT_MAX_CONNECTIONS = 200;

/**
 * Settings of PostgreSQL: derived from memory and storage, then those of spec.postgres.parameters over them that can be
 * used, then those that replication depends on, which the CRD refuses in spec. `running` are those that the
 * database has.
 */
export function postgresParameters(
  cluster: AuthCluster,
  running: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { resources, storage, parameters = {} } = cluster.spec.postgres;
  const memory = memoryBytes(resources, DEFAULT_RESOURCES.postgres);
  const size = bytesOf(storage.size);
  const maxConnections = Number(parameters.max_connections ?? DEFAULT_MAX_CONNECTIONS);
  return {
    max_connections: String(maxConnections),
    // For 15 replicas with a base backup each; changing these needs a restart, so they do not follow readReplicas.
    max_wal_senders: '40',
    max_replication_slots: '40',
    shared_buffers: megabytes(memory / 4),
    effective_cache_size: megabytes(memory * 0.6),
    maintenance_work_mem: megabytes(clamp(memory / 16, 16 * MEBIBYTE, 1024 * MEBIBYTE)),
    // Four sorts at once in every connection would still leave room.
    work_mem: megabytes(clamp(memory / 4 / maxConnections / 4, MEBIBYTE, 64 * MEBIBYTE)),
    // What the log may take of the volume, between checkpoints and for a replica that is away.
    max_wal_size: megabytes(clamp(size / 8, 64 * MEBIBYTE, 4096 * MEBIBYTE)),
    max_slot_wal_keep_size: megabytes(size / 4),
    wal_keep_size: '128MB',
    wal_compression: 'on',
    random_page_cost: '1.1',
    log_checkpoints: 'off',
    log_lock_waits: 'on',
    log_min_duration_statement: '1000',
    idle_in_transaction_session_timeout: '60000',
    ...usableParameters(cluster, running),
    wal_level: 'replica',
    hot_standby: 'on',
    wal_log_hints: 'on',
    password_encryption: 'scram-sha-256',
  };
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.floor(bytes / MEBIBYTE))}MB`;
}
