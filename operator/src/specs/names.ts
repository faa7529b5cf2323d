import type { AuthCluster } from '../api/authcluster.ts';
import type { Color } from '../rollout/terms.ts';

/** The parts of an AuthCluster, as the label app.kubernetes.io/component names them. */
export type Component =
  | 'postgres'
  | 'pooler-rw'
  | 'pooler-ro'
  | 'redis'
  | 'migrations'
  | 'auth-api'
  | 'warming'
  | 'gateway';

export const DATABASE = 'auth';
export const SCHEMA = 'auth';

/** Names of roles inside PostgreSQL. */
export const ROLES = {
  superuser: 'postgres',
  replication: 'replicator',
  /** Owns the schema; runs migrations. */
  migrator: 'auth_migrator',
  /** What the auth API logs in as: reads and writes rows. */
  app: 'auth_app',
  /** The same at poolers before an external database, where it is no role: it must be no name that one there has. */
  pooledApp: 'authcluster_pooled_app',
  /** PgBouncer's console; not a role of PostgreSQL. */
  pooler: 'pgbouncer',
  /** Reads statistics, of PostgreSQL and on PgBouncer's console. */
  monitoring: 'auth_monitoring',
  /** What changes something through Patroni's REST API; not a role of PostgreSQL. */
  patroni: 'patroni',
} as const;

/** Names of Redis' ACL users. */
export const REDIS_USERS = {
  api: 'auth_api',
  operator: 'operator',
  replication: 'replication',
  monitoring: 'monitoring',
} as const;

export const PORTS = {
  postgres: 5432,
  patroni: 8008,
  redis: 6379,
  redisBus: 16379,
  redisReadiness: 8081,
  authApi: 8080,
  authApiOps: 9090,
  gateway: 8080,
  gatewayTls: 8443,
  gatewayOps: 8081,
  redisExporter: 9121,
  pgbouncerExporter: 9127,
  postgresExporter: 9187,
  /** Where the container of an exporter tells which login it uses. */
  exporterLogin: 9188,
} as const;

/** The pod label that Patroni keeps: `primary` or `replica`. */
export const ROLE_LABEL = 'authcluster.dev/role';
/** On an AuthCluster: the database pod that is to become the primary. Taken away when it is. */
export const SWITCHOVER_ANNOTATION = 'authcluster.dev/switchover';
/** On database pods: a hash of what of the spec shapes them. */
export const SHAPE_ANNOTATION = 'authcluster.dev/shape';
/** The pod label that tells the auth API's two Deployments apart. */
export const COLOR_LABEL = 'authcluster.dev/color';
/** On the auth API's Deployments: the revision of their pod template; on its Service: that of the one that it selects. */
export const REVISION_ANNOTATION = 'authcluster.dev/revision';
/** Beside it: that template itself, without the colour, as JSON. */
export const TEMPLATE_ANNOTATION = 'authcluster.dev/template';
/** On the auth API's pods: stands for what they read once from Secrets and ConfigMaps of others. */
export const START_VALUES_ANNOTATION = 'authcluster.dev/start-values';
/** On pods with an exporter that reads its login while it runs, and tells which one it uses; on older ones it is absent. */
export const EXPORTER_LOGIN_ANNOTATION = 'authcluster.dev/exporter-login';
/** The pod label with the index of a Redis shard. */
export const SHARD_LABEL = 'authcluster.dev/shard';

/** Names of all objects of one AuthCluster. */
export function names({ metadata: { name } }: Pick<AuthCluster, 'metadata'>) {
  return {
    postgres: `${name}-postgres`,
    /** Patroni's scope: its ConfigMaps are <scope>-leader, -config, -sync and -failover. */
    patroniScope: `${name}-postgres`,
    postgresPrimary: `${name}-postgres-primary`,
    postgresReplicas: `${name}-postgres-replicas`,
    /** The Service of every member that is ready, whatever its role. */
    postgresAny: `${name}-postgres-any`,
    superuserSecret: `${name}-postgres-superuser`,
    replicationSecret: `${name}-postgres-replication`,
    /** The Secret with what Patroni reads of it. */
    replicationLogin: `${name}-postgres-replication-login`,
    migratorSecret: `${name}-postgres-migrator`,
    appSecret: `${name}-postgres-app`,
    poolerSecret: `${name}-postgres-pooler`,
    /** What exporters log in with. */
    monitoringSecret: `${name}-monitoring`,
    patroniSecret: `${name}-postgres-patroni`,
    /** The Secret with the configuration of both poolers. */
    pooler: `${name}-pooler`,
    poolerReadWrite: `${name}-pooler-rw`,
    poolerReadOnly: `${name}-pooler-ro`,
    /** The headless Service, and the Secret with the configuration. */
    redis: `${name}-redis`,
    redisShard: (shard: number) => `${name}-redis-${shard}`,
    redisSecret: `${name}-redis-auth`,
    /** What logs in to an external Redis. */
    redisClient: `${name}-redis-client`,
    keysSecret: `${name}-signing-keys`,
    migrations: (hash: string) => `${name}-migrations-${hash}`,
    api: `${name}-api`,
    apiDeployment: (color: Color) => `${name}-api-${color}`,
    /** Short: Kubernetes allows a CronJob 52 characters. */
    warming: `${name}-warm`,
    gateway: `${name}-gateway`,
    /** The ConfigMap with this configuration, which never changes: another configuration is another ConfigMap. */
    gatewayConfiguration: (hash: string) => `${name}-gateway-${hash}`,
    /** The NetworkPolicy that allows nothing; those of components are <name>-<component>. */
    defaultDeny: `${name}-default-deny`,
    /** What has all of it scraped and watched. */
    monitoring: name,
    dashboards: `${name}-dashboards`,
  };
}
