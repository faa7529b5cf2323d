import type { AuthCluster } from '../../api/authcluster.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { labels, ownedMetadata, selector } from '../metadata.ts';
import { redisExporter } from '../monitoring/exporters.ts';
import { names, PORTS, REDIS_USERS, SHARD_LABEL } from '../names.ts';
import {
  apart,
  CONTAINER_SECURITY,
  emptyDir,
  podTemplate,
  secretVolume,
  variable,
  variableFromField,
} from '../pods.ts';
import { mebibytes } from '../quantities.ts';
import { defaultRedisResources, memoryBytes } from '../resources.ts';

const USER_ID = 999;
const OPERATOR_PASSWORD_FILE = '/etc/redis/operator/password';

/** Of a StatefulSet: stands for what the pods of any shard are made of. */
export const TEMPLATE_ANNOTATION = 'authcluster.dev/template-hash';

/** The members of one shard. Which of them is primary is the cluster's matter and changes. */
export function redisShardStatefulSet(
  cluster: AuthCluster,
  inputs: BuilderInputs,
  shard: number,
  { configHash, templateHash }: { configHash: string; templateHash: string },
): Manifest {
  const name = names(cluster).redisShard(shard);
  const { persistence, replicasPerShard } = cluster.spec.redis;
  const whenDeleted = cluster.spec.deletionPolicy === 'Retain' ? 'Retain' : 'Delete';
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...ownedMetadata(cluster, 'redis', name), annotations: { [TEMPLATE_ANNOTATION]: templateHash } },
    spec: {
      replicas: replicasPerShard + 1,
      serviceName: names(cluster).redis,
      podManagementPolicy: 'Parallel',
      ...(persistence.enabled ? { persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' } } : {}),
      selector: { matchLabels: shardLabels(cluster, shard) },
      template: redisPodTemplate(cluster, inputs, shard, configHash),
      ...(persistence.enabled ? { volumeClaimTemplates: [dataVolumeClaim(cluster)] } : {}),
    },
  };
}

export function redisPodTemplate(
  cluster: AuthCluster,
  inputs: BuilderInputs,
  shard: number,
  configHash: string,
): object {
  const exporter = redisExporter(cluster, inputs);
  return podTemplate(cluster, {
    component: 'redis',
    labels: { [SHARD_LABEL]: String(shard) },
    annotations: { 'authcluster.dev/config-hash': configHash, ...exporter.annotations },
    userId: USER_ID,
    imagePullSecrets: inputs.imagePullSecrets,
    terminationGracePeriodSeconds: 30,
    spread: memberSpread(cluster, shardLabels(cluster, shard)),
    containers: [container(cluster, inputs), ...exporter.containers],
    volumes: [...volumes(cluster), ...exporter.volumes],
  });
}

function shardLabels(cluster: AuthCluster, shard: number): Record<string, string> {
  return { ...selector(cluster, 'redis'), [SHARD_LABEL]: String(shard) };
}

/** Members of a shard apart from each other, and all members evenly over the nodes: most primaries on one could not be replaced. */
function memberSpread(cluster: AuthCluster, labelsOfShard: Record<string, string>): object {
  return {
    ...apart(labelsOfShard),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selector(cluster, 'redis') },
      },
    ],
  };
}

function container(cluster: AuthCluster, { images }: BuilderInputs): object {
  const { maxMemory, resources } = cluster.spec.redis;
  return {
    name: 'redis',
    image: images.redis,
    args: [
      '/etc/redis/redis.conf',
      ...['--cluster-announce-ip', '$(POD_IP)'],
      ...['--cluster-announce-hostname', `$(POD_NAME).${names(cluster).redis}.$(POD_NAMESPACE).svc`],
    ],
    env: [
      variableFromField('POD_IP', 'status.podIP'),
      variableFromField('POD_NAME', 'metadata.name'),
      variableFromField('POD_NAMESPACE', 'metadata.namespace'),
      variable('HANDOVER_USER', REDIS_USERS.operator),
      variable('HANDOVER_PASSWORD_FILE', OPERATOR_PASSWORD_FILE),
      variable('READINESS_PORT', String(PORTS.redisReadiness)),
    ],
    ports: [
      { name: 'redis', containerPort: PORTS.redis },
      { name: 'bus', containerPort: PORTS.redisBus },
      { name: 'readiness', containerPort: PORTS.redisReadiness },
    ],
    startupProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: {
      httpGet: { path: '/cgi-bin/ready', port: 'readiness' },
      periodSeconds: 5,
      timeoutSeconds: 4,
    },
    livenessProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    lifecycle: { preStop: { exec: { command: ['/usr/local/bin/handover'] } } },
    resources: resources ?? defaultRedisResources(maxMemory),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'config', mountPath: '/etc/redis', readOnly: true },
      { name: 'operator', mountPath: '/etc/redis/operator', readOnly: true },
      { name: 'data', mountPath: '/data' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function volumes(cluster: AuthCluster): object[] {
  const name = names(cluster);
  const { maxMemory, persistence, resources } = cluster.spec.redis;
  // Without persistence a full copy is written here only while a replica is brought in sync.
  const scratch = mebibytes(memoryBytes(resources, defaultRedisResources(maxMemory)));
  return [
    secretVolume('config', name.redis, { 'redis.conf': 'redis.conf', 'users.acl': 'users.acl' }),
    secretVolume('operator', name.redisSecret, { password: 'operator-password' }),
    ...(persistence.enabled ? [] : [emptyDir('data', scratch)]),
    emptyDir('tmp', '16Mi'),
  ];
}

function dataVolumeClaim(cluster: AuthCluster): object {
  const { size, storageClassName } = cluster.spec.redis.persistence;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', labels: labels(cluster, 'redis') },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
}
