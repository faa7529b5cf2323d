import type { AuthCluster } from '../../api/authcluster.ts';
import type { BuilderInputs } from '../inputs.ts';
import { DATABASE, EXPORTER_LOGIN_ANNOTATION, names, PORTS, REDIS_USERS } from '../names.ts';
import { CONTAINER_SECURITY, type EnvironmentEntry, emptyDir, secretVolume, variable } from '../pods.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';

/** The name of the containers' port; the PodMonitor takes it by that. */
export const EXPORTER_PORT_NAME = 'exporter';

const LOGIN_FOLDER = '/etc/exporter-login';
/** What is to be told is written there. */
const TOLD_FOLDER = '/run/exporter';

interface Exporter {
  program: string;
  args?: readonly string[];
  port: number;
  env: EnvironmentEntry[];
  /** Variables of the program by their names, as keys of the Secret. */
  login: Readonly<Record<string, string>>;
}

/** What a pod has for its exporter, beside what it has for its server. */
export interface Sidecar {
  containers: readonly object[];
  volumes: readonly object[];
  annotations: Readonly<Record<string, string>>;
}

const NO_SIDECAR: Sidecar = { containers: [], volumes: [], annotations: {} };

/** Beside each member of PostgreSQL. */
export function postgresExporter(cluster: AuthCluster, inputs: BuilderInputs): Sidecar {
  return sidecar(cluster, inputs, {
    program: 'prometheus-postgres-exporter',
    port: PORTS.postgresExporter,
    env: [variable('DATA_SOURCE_URI', `127.0.0.1:${PORTS.postgres}/${DATABASE}?sslmode=disable`)],
    login: { DATA_SOURCE_USER: 'username', DATA_SOURCE_PASS: 'password' },
  });
}

/**
 * Whether PgBouncers have exporters: not before an external database, where every client of theirs is one user of the
 * server, which reads and writes rows.
 */
export function isPoolerWatched({ spec: { monitoring, postgres } }: AuthCluster): boolean {
  return monitoring.enabled && postgres.mode === 'Managed';
}

/** Beside each PgBouncer. Its driver takes user and password as libpq does, so that no command line shows them. */
export function pgbouncerExporter(cluster: AuthCluster, inputs: BuilderInputs): Sidecar {
  if (!isPoolerWatched(cluster)) return NO_SIDECAR;
  return sidecar(cluster, inputs, {
    program: 'prometheus-pgbouncer-exporter',
    args: [`--pgBouncer.connectionString=postgres://127.0.0.1:${PORTS.postgres}/pgbouncer?sslmode=disable`],
    port: PORTS.pgbouncerExporter,
    env: [],
    login: { PGUSER: 'username', PGPASSWORD: 'password' },
  });
}

/** Beside each node of Redis. */
export function redisExporter(cluster: AuthCluster, inputs: BuilderInputs): Sidecar {
  return sidecar(cluster, inputs, {
    program: 'prometheus-redis-exporter',
    port: PORTS.redisExporter,
    env: [
      variable('REDIS_ADDR', `redis://127.0.0.1:${PORTS.redis}`),
      variable('REDIS_USER', REDIS_USERS.monitoring),
      // CONFIG GET would show the password of replication.
      variable('REDIS_EXPORTER_CONFIG_COMMAND', '-'),
      variable('REDIS_EXPORTER_INCL_GO_RUNTIME_METRICS', 'false'),
    ],
    login: { REDIS_PASSWORD: 'redis-password' },
  });
}

/**
 * Nothing where monitoring is off. Without probes: that nobody can see how a server is must not take it out of service.
 * The program runs under one that starts it anew when the login has changed (images/exporters/supervise), and that tells
 * the user name: of the two that take turns, the one whose turn it was when the program read its login.
 */
function sidecar(
  cluster: AuthCluster,
  { images }: BuilderInputs,
  { program, args, port, env, login }: Exporter,
): Sidecar {
  if (!cluster.spec.monitoring.enabled) return NO_SIDECAR;
  const supervise = ['/usr/local/bin/supervise', LOGIN_FOLDER, TOLD_FOLDER, String(PORTS.exporterLogin)];
  const container = {
    name: 'exporter',
    image: images.exporters,
    command: [...supervise, `/usr/bin/${program}`],
    ...(args === undefined ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ports: [{ name: EXPORTER_PORT_NAME, containerPort: port }],
    resources: DEFAULT_RESOURCES.exporter,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'exporter-login', mountPath: LOGIN_FOLDER, readOnly: true },
      { name: 'exporter', mountPath: TOLD_FOLDER },
    ],
  };
  return {
    containers: [container],
    volumes: [
      secretVolume('exporter-login', names(cluster).monitoringSecret, { LOGIN: 'username', ...login }),
      emptyDir('exporter', '1Mi'),
    ],
    annotations: { [EXPORTER_LOGIN_ANNOTATION]: 'told' },
  };
}
