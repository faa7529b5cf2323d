import type { AuthCluster } from '../../api/authcluster.ts';
import type { BuilderInputs } from '../inputs.ts';
import { DATABASE, names, PORTS, REDIS_USERS, ROLES } from '../names.ts';
import { CONTAINER_SECURITY, type EnvironmentEntry, variable, variableFromSecret } from '../pods.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';

/** The name of the containers' port; the PodMonitor takes it by that. */
export const EXPORTER_PORT_NAME = 'exporter';

/** bash's own way to find out, since no tool for it is in the image. */
const AWAIT_PGBOUNCER = `until (exec 3<>/dev/tcp/127.0.0.1/${PORTS.postgres}) 2>/dev/null; do sleep 0.2; done; exec "$0" "$@"`;

interface Exporter {
  program: string;
  /** What to run the program by. */
  prefix?: readonly string[];
  args?: readonly string[];
  port: number;
  env: EnvironmentEntry[];
}

/** Beside each member of PostgreSQL. */
export function postgresExporter(cluster: AuthCluster, inputs: BuilderInputs): object[] {
  return sidecar(cluster, inputs, {
    program: 'prometheus-postgres-exporter',
    port: PORTS.postgresExporter,
    env: [
      variable('DATA_SOURCE_URI', `127.0.0.1:${PORTS.postgres}/${DATABASE}?sslmode=disable`),
      variable('DATA_SOURCE_USER', ROLES.monitoring),
      variableFromSecret('DATA_SOURCE_PASS', names(cluster).monitoringSecret, 'password'),
    ],
  });
}

/**
 * Whether PgBouncers have exporters: not before an external database, where every client of theirs is one user of the
 * server, which reads and writes rows.
 */
export function isPoolerWatched({ spec: { monitoring, postgres } }: AuthCluster): boolean {
  return monitoring.enabled && postgres.mode === 'Managed';
}

/** Beside each PgBouncer. Its driver takes the password as libpq does, so that no command line shows it. */
export function pgbouncerExporter(cluster: AuthCluster, inputs: BuilderInputs): object[] {
  if (!isPoolerWatched(cluster)) return [];
  const console = `postgres://${ROLES.monitoring}@127.0.0.1:${PORTS.postgres}/pgbouncer?sslmode=disable`;
  return sidecar(cluster, inputs, {
    program: 'prometheus-pgbouncer-exporter',
    // It ends where PgBouncer does not answer when it starts.
    prefix: ['/bin/bash', '-c', AWAIT_PGBOUNCER],
    args: [`--pgBouncer.connectionString=${console}`],
    port: PORTS.pgbouncerExporter,
    env: [variableFromSecret('PGPASSWORD', names(cluster).monitoringSecret, 'password')],
  });
}

/** Beside each node of Redis. */
export function redisExporter(cluster: AuthCluster, inputs: BuilderInputs): object[] {
  return sidecar(cluster, inputs, {
    program: 'prometheus-redis-exporter',
    port: PORTS.redisExporter,
    env: [
      variable('REDIS_ADDR', `redis://127.0.0.1:${PORTS.redis}`),
      variable('REDIS_USER', REDIS_USERS.monitoring),
      variableFromSecret('REDIS_PASSWORD', names(cluster).monitoringSecret, 'redis-password'),
      // CONFIG GET would show the password of replication.
      variable('REDIS_EXPORTER_CONFIG_COMMAND', '-'),
      variable('REDIS_EXPORTER_INCL_GO_RUNTIME_METRICS', 'false'),
    ],
  });
}

/**
 * Nothing where monitoring is off. Without probes: that nobody can see how a server is must not take it out of service.
 */
function sidecar(
  cluster: AuthCluster,
  { images }: BuilderInputs,
  { program, prefix = [], args, port, env }: Exporter,
): object[] {
  if (!cluster.spec.monitoring.enabled) return [];
  return [
    {
      name: 'exporter',
      image: images.exporters,
      command: [...prefix, `/usr/bin/${program}`],
      ...(args === undefined ? {} : { args }),
      env,
      ports: [{ name: EXPORTER_PORT_NAME, containerPort: port }],
      resources: DEFAULT_RESOURCES.exporter,
      securityContext: CONTAINER_SECURITY,
    },
  ];
}
