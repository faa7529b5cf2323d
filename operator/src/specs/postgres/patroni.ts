import { stringify } from 'yaml';
import type { AuthCluster } from '../../api/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import { ordinalOf } from '../../postgres/patroni.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { names, PORTS, ROLE_LABEL, ROLES } from '../names.ts';
import { oncePer } from '../once-per.ts';
import { twinOf } from '../secrets/rotated.ts';
import { postgresParameters } from './parameters.ts';

/** Tells Patroni's ConfigMaps and pods of one database from those of another. */
export const SCOPE_LABEL = 'authcluster.dev/patroni-scope';

export interface DynamicConfiguration {
  [setting: string]: unknown;
  postgresql: { parameters: Record<string, string>; [setting: string]: unknown };
}

/**
 * Whether a commit waits for a replica: where there is one, and so also while the pod that leads is to go and has not
 * handed over to the one that stays.
 */
export function isSynchronous({ spec: { postgres } }: AuthCluster, leader?: string): boolean {
  const { readReplicas, synchronous } = postgres;
  return synchronous !== 'Off' && (readReplicas > 0 || (leader !== undefined && ordinalOf(leader) > 0));
}

/**
 * What Patroni keeps in its store and applies to all members. Times in seconds: 20/5/5 are the shortest that Patroni
 * takes, so a silent node is replaced after some 20 s. Synchronous unless it is turned off: otherwise a failover could
 * bring revoked sessions back. `running` are the parameters that it has there already.
 */
export function dynamicConfiguration(
  cluster: AuthCluster,
  running: Readonly<Record<string, string>> = {},
): DynamicConfiguration {
  const { synchronous } = cluster.spec.postgres;
  return {
    ttl: 20,
    loop_wait: 5,
    retry_timeout: 5,
    maximum_lag_on_failover: 1_048_576,
    failsafe_mode: true,
    synchronous_mode: isSynchronous(cluster),
    // Without it the primary goes on alone while no replica is there.
    synchronous_mode_strict: synchronous === 'Strict',
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      // A new replica begins with a checkpoint, which PostgreSQL would spread over minutes.
      basebackup: { checkpoint: 'fast' },
      parameters: postgresParameters(cluster, running),
    },
  };
}

/**
 * The dynamic configuration as it should become, or undefined if it is as it should be. `current` is the annotation
 * `config` of the ConfigMap <scope>-config: written once by the bootstrap from patroni.yaml, so later changes of the
 * spec have to be brought there (the whole annotation is replaced; Patroni watches it). Settings that were put there
 * by hand beside `parameters` stay; `parameters` is as the spec says. While nobody leads, it stays as it was
 * who may: a replica that does not have every commit must not come to lead because replicas are no longer asked for.
 */
export function changedDynamicConfiguration(
  cluster: AuthCluster,
  current: string,
  leader: string | undefined,
): string | undefined {
  const live = JSON.parse(current) as Partial<DynamicConfiguration>;
  const asItWas = leader === undefined ? live.synchronous_mode : undefined;
  const synchronous_mode = asItWas ?? isSynchronous(cluster, leader);
  const wanted = { ...dynamicConfiguration(cluster, live.postgresql?.parameters), synchronous_mode };
  const merged = { ...live, ...wanted, postgresql: { ...live.postgresql, ...wanted.postgresql } };
  return stableHash(live) === stableHash(merged) ? undefined : JSON.stringify(merged);
}

/** Static configuration of every member; passwords and addresses come from the environment. */
export function patroniConfigMap(cluster: AuthCluster): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ownedMetadata(cluster, 'postgres', names(cluster).postgres),
    data: { 'patroni.yaml': patroniYaml(cluster) },
  };
}

/** Patroni reads YAML 1.1, where an unquoted `on` is not a text. */
const patroniYaml = oncePer((cluster: AuthCluster): string => stringify(patroniSettings(cluster), { version: '1.1' }));

function patroniSettings(cluster: AuthCluster): object {
  return {
    restapi: { listen: `*:${PORTS.patroni}` },
    kubernetes: {
      use_endpoints: false,
      labels: selector(cluster, 'postgres'),
      scope_label: SCOPE_LABEL,
      role_label: ROLE_LABEL,
      leader_label_value: 'primary',
      follower_label_value: 'replica',
      standby_leader_label_value: 'primary',
    },
    bootstrap: {
      dcs: dynamicConfiguration(cluster),
      initdb: [
        { encoding: 'UTF8' },
        { locale: 'C.UTF-8' },
        'data-checksums',
        { 'auth-local': 'peer' },
        { 'auth-host': 'scram-sha-256' },
      ],
    },
    postgresql: {
      listen: `*:${PORTS.postgres}`,
      data_dir: '/data/pgdata',
      bin_dir: `/usr/lib/postgresql/${cluster.spec.postgres.version}/bin`,
      pgpass: '/tmp/pgpass',
      use_unix_socket: true,
      authentication: { superuser: { username: ROLES.superuser } },
      parameters: { unix_socket_directories: '/run/postgresql' },
      pg_hba: [
        'local all postgres peer',
        `host replication ${ROLES.replication},${twinOf(ROLES.replication)} all scram-sha-256`,
        'host all all all scram-sha-256',
      ],
    },
  };
}
