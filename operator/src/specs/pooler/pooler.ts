import type { AuthCluster } from '../../api/authcluster.ts';
import type { PoolerSpec } from '../../api/generated/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import type { PostgresMember } from '../../postgres/patroni.ts';
import { autoscaler, disruptionBudget } from '../availability.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { pgbouncerExporter } from '../monitoring/exporters.ts';
import { names, PORTS } from '../names.ts';
import { CONTAINER_SECURITY, evenSpread, podTemplate, secretVolume } from '../pods.ts';
import { primaryServer, replicaServers } from '../postgres/servers.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';
import { service } from '../services.ts';
import { connectionBudget } from './connection-budget.ts';
import { pgbouncerIni, SERVER_CA_FILE, userlist } from './pgbouncer.ts';

const USER_ID = 65_532;
/** Endpoints of a leaving pod are withdrawn everywhere by then. */
const PRE_STOP_SECONDS = 5;
/** The API gives no connection more than 45 s, so that a pooler that stops is left by all clients without an error. */
const CLIENTS_LEAVE_SECONDS = 60;

type PoolerComponent = 'pooler-rw' | 'pooler-ro';
type PoolerAutoscaling = NonNullable<PoolerSpec['autoscaling']>;

/**
 * PgBouncer towards the primary, and towards the replicas where there are any: reads never go there silently. Nothing
 * while it is not known how to log in to an external server. `members` are those of a database of ours.
 */
export function pooler(
  cluster: AuthCluster,
  inputs: BuilderInputs,
  members: readonly PostgresMember[] = [],
): Manifest[] {
  const isExternal = cluster.spec.postgres.mode === 'External';
  const external = isExternal ? inputs.external.postgres : undefined;
  if (isExternal && external === undefined) return [];
  const replicas = replicaServers(cluster);
  const shared = {
    'userlist.txt': userlist(inputs.credentials, external),
    ...(external?.ca === undefined ? {} : { [SERVER_CA_FILE]: external.ca }),
  };
  const { poolSize } = connectionBudget(cluster, members);
  const readWrite = pgbouncerIni(cluster, primaryServer(cluster), poolSize, external);
  const readOnly = replicas && pgbouncerIni(cluster, replicas, poolSize, external);
  return [
    poolerSecret(cluster, {
      'pgbouncer-rw.ini': readWrite,
      ...(readOnly === undefined ? {} : { 'pgbouncer-ro.ini': readOnly }),
      ...shared,
    }),
    ...poolerObjects(cluster, inputs, 'pooler-rw'),
    ...(readOnly === undefined ? [] : poolerObjects(cluster, inputs, 'pooler-ro')),
  ];
}

function poolerSecret(cluster: AuthCluster, files: Readonly<Record<string, string>>): Manifest {
  const encoded = Object.entries(files).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(cluster, 'pooler-rw', names(cluster).pooler),
    type: 'Opaque',
    data: Object.fromEntries(encoded),
  };
}

/**
 * Stands for what new pods are needed for; all else of the Secret PgBouncer reads anew while it runs, with its clients. It
 * asks for file descriptors only when it starts. Another external server, or another login there, is not waited for until
 * kubelets have brought the files. An external password is in it, which people may have chosen: without the key nobody can
 * guess at that.
 */
function startHash({ spec: { postgres } }: AuthCluster, { external, credentials }: BuilderInputs): string {
  const { maxConnections: _sizesPools, ...server } = postgres.external ?? {};
  const { application, ca } = external.postgres ?? {};
  const key = application === undefined ? {} : { key: credentials.derivationKey };
  return stableHash({ clients: postgres.pooler.maxClientConnections, server, application, ca, ...key });
}

function poolerObjects(cluster: AuthCluster, inputs: BuilderInputs, component: PoolerComponent): Manifest[] {
  const name = component === 'pooler-rw' ? names(cluster).poolerReadWrite : names(cluster).poolerReadOnly;
  const { instances, autoscaling } = cluster.spec.postgres.pooler;
  const budget = { component, name, maxUnavailable: 1, evictUnhealthy: true };
  return [
    poolerDeployment(cluster, inputs, component),
    service(cluster, {
      component,
      name,
      ports: [{ name: 'postgres', port: PORTS.postgres, targetPort: 'postgres' }],
    }),
    ...(instances > 1 ? [disruptionBudget(cluster, budget)] : []),
    ...(autoscaling === undefined ? [] : [poolerAutoscaler(cluster, component, name, autoscaling)]),
  ];
}

/** Within the connection budget, which is divided by the most that there may be. */
function poolerAutoscaler(
  cluster: AuthCluster,
  component: PoolerComponent,
  name: string,
  { maxInstances, targetCPUUtilizationPercentage }: PoolerAutoscaling,
): Manifest {
  const { instances } = cluster.spec.postgres.pooler;
  return autoscaler(cluster, {
    component,
    name,
    deployment: name,
    autoscaling: { minReplicas: instances, maxReplicas: maxInstances, targetCPUUtilizationPercentage },
  });
}

function poolerDeployment(cluster: AuthCluster, inputs: BuilderInputs, component: PoolerComponent): Manifest {
  const name = names(cluster);
  const suffix = component === 'pooler-rw' ? 'rw' : 'ro';
  const exporter = pgbouncerExporter(cluster, inputs);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: ownedMetadata(cluster, component, `${name.pooler}-${suffix}`),
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      selector: { matchLabels: selector(cluster, component) },
      template: podTemplate(cluster, {
        component,
        annotations: { 'authcluster.dev/start-hash': startHash(cluster, inputs), ...exporter.annotations },
        userId: USER_ID,
        imagePullSecrets: inputs.imagePullSecrets,
        terminationGracePeriodSeconds: PRE_STOP_SECONDS + CLIENTS_LEAVE_SECONDS,
        spread: evenSpread(cluster, component),
        containers: [container(cluster, inputs), ...exporter.containers],
        volumes: [
          secretVolume('config', name.pooler, {
            'pgbouncer.ini': `pgbouncer-${suffix}.ini`,
            'userlist.txt': 'userlist.txt',
            ...(cluster.spec.postgres.external?.tls.ca === undefined ? {} : { [SERVER_CA_FILE]: SERVER_CA_FILE }),
          }),
          ...exporter.volumes,
        ],
      }),
    },
  };
}

/** After the sleep the image's stop signal has it serve its clients until they have left. */
function container(cluster: AuthCluster, { images }: BuilderInputs): object {
  return {
    name: 'pgbouncer',
    image: images.pgbouncer,
    ports: [{ name: 'postgres', containerPort: PORTS.postgres }],
    startupProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 5, timeoutSeconds: 3 },
    livenessProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    resources: cluster.spec.postgres.pooler.resources ?? DEFAULT_RESOURCES.pooler,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [{ name: 'config', mountPath: '/etc/pgbouncer', readOnly: true }],
  };
}
