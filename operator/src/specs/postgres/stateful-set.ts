import type { AuthCluster } from '../../api/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { labels, ownedMetadata, selector } from '../metadata.ts';
import { postgresExporter } from '../monitoring/exporters.ts';
import { names, PORTS, SHAPE_ANNOTATION } from '../names.ts';
import {
  apart,
  CONTAINER_SECURITY,
  emptyDir,
  podTemplate,
  projectedVolume,
  variable,
  variableFromField,
  variableFromSecret,
} from '../pods.ts';
import { mebibytes } from '../quantities.ts';
import { DEFAULT_RESOURCES, memoryBytes } from '../resources.ts';
import { SCOPE_LABEL } from './patroni.ts';
import { REPLICATION_LOGIN_FILE } from './replication-login.ts';

const USER_ID = 999;
const PATRONI_FOLDER = '/etc/patroni';

/** What stays as it is for now, other than the spec asks. */
export interface KeptOfPostgres {
  /** While a member that is to go is the primary. */
  replicas?: number;
  /** Of the live template, which cannot be changed. */
  storageSize?: string;
  /** The StatefulSet is being made anew around its pods. */
  leaving?: boolean;
  /** A drain may take the primary. */
  primaryMayGo?: boolean;
}

/**
 * One primary and `readReplicas` replicas. Which is which is Patroni's matter and changes. Kubernetes replaces no pod by
 * itself: it knows nothing of roles. The operator does, replicas first.
 */
export function postgresStatefulSet(cluster: AuthCluster, inputs: BuilderInputs, kept: KeptOfPostgres = {}): Manifest {
  const { postgres: name } = names(cluster);
  const { readReplicas } = cluster.spec.postgres;
  const whenDeleted = cluster.spec.deletionPolicy === 'Retain' ? 'Retain' : 'Delete';
  const exporter = postgresExporter(cluster, inputs);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: ownedMetadata(cluster, 'postgres', name),
    spec: {
      replicas: kept.replicas ?? readReplicas + 1,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' },
      selector: { matchLabels: selector(cluster, 'postgres') },
      template: podTemplate(cluster, {
        component: 'postgres',
        labels: { [SCOPE_LABEL]: names(cluster).patroniScope },
        annotations: { [SHAPE_ANNOTATION]: shape(cluster), ...exporter.annotations },
        userId: USER_ID,
        imagePullSecrets: inputs.imagePullSecrets,
        serviceAccountName: name,
        // A fast shutdown writes a checkpoint first.
        terminationGracePeriodSeconds: 120,
        spread: apart(selector(cluster, 'postgres')),
        containers: [container(cluster, inputs), ...exporter.containers],
        volumes: [...volumes(cluster), ...exporter.volumes],
      }),
      volumeClaimTemplates: [dataVolumeClaim(cluster, kept.storageSize)],
    },
  };
}

/**
 * Tells a change of the spec from one that a release of the operator brings (images, probes): pods are replaced for the
 * first by themselves, for the second only where `updates` says so.
 */
function shape(cluster: AuthCluster): string {
  const { monitoring, postgres } = cluster.spec;
  const { version, resources, scheduling } = postgres;
  return stableHash({ version, resources, scheduling, monitored: monitoring.enabled });
}

function container(cluster: AuthCluster, { images }: BuilderInputs): object {
  return {
    name: 'postgres',
    image: images.postgres,
    args: [PATRONI_FOLDER],
    env: environment(cluster),
    ports: [
      { name: 'postgres', containerPort: PORTS.postgres },
      { name: 'patroni', containerPort: PORTS.patroni },
    ],
    // Patroni answers while PostgreSQL recovers, so recovery is never cut short, however long it takes.
    startupProbe: { httpGet: { path: '/liveness', port: 'patroni' }, periodSeconds: 1, failureThreshold: 120 },
    livenessProbe: {
      httpGet: { path: '/liveness', port: 'patroni' },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: { httpGet: { path: '/readiness', port: 'patroni' }, periodSeconds: 2, timeoutSeconds: 3 },
    resources: cluster.spec.postgres.resources ?? DEFAULT_RESOURCES.postgres,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'config', mountPath: PATRONI_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'run', mountPath: '/run/postgresql' },
      { name: 'shm', mountPath: '/dev/shm' },
    ],
  };
}

function environment(cluster: AuthCluster): object[] {
  const name = names(cluster);
  return [
    variableFromField('POD_IP', 'status.podIP'),
    variableFromField('PATRONI_NAME', 'metadata.name'),
    variableFromField('PATRONI_KUBERNETES_NAMESPACE', 'metadata.namespace'),
    variableFromField('PATRONI_KUBERNETES_POD_IP', 'status.podIP'),
    variable('PATRONI_SCOPE', name.patroniScope),
    variable('PATRONI_POSTGRESQL_CONNECT_ADDRESS', `$(POD_IP):${PORTS.postgres}`),
    variable('PATRONI_RESTAPI_CONNECT_ADDRESS', `$(POD_IP):${PORTS.patroni}`),
    variableFromSecret('PATRONI_SUPERUSER_PASSWORD', name.superuserSecret, 'password'),
  ];
}

function volumes(cluster: AuthCluster): object[] {
  const name = names(cluster);
  const memory = memoryBytes(cluster.spec.postgres.resources, DEFAULT_RESOURCES.postgres);
  return [
    projectedVolume('config', [
      { kind: 'ConfigMap', name: name.postgres, files: { 'patroni.yaml': 'patroni.yaml' } },
      { kind: 'Secret', name: name.replicationLogin, files: { [REPLICATION_LOGIN_FILE]: REPLICATION_LOGIN_FILE } },
    ]),
    emptyDir('tmp', '64Mi'),
    emptyDir('run', '16Mi'),
    // Parallel queries exchange rows here; it counts against the memory limit.
    { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: mebibytes(memory / 4) } },
  ];
}

function dataVolumeClaim(cluster: AuthCluster, keptSize: string | undefined): object {
  const { size, storageClassName } = cluster.spec.postgres.storage;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', labels: labels(cluster, 'postgres') },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: keptSize ?? size } },
    },
  };
}
