import type { AuthCluster } from '../../api/authcluster.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { labels, ownedMetadata } from '../metadata.ts';
import { names } from '../names.ts';
import { CONTAINER_SECURITY, changeableImage, emptyDir, podTemplate, secretVolume } from '../pods.ts';
import { redisVolume } from '../redis/client.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';
import { DIRECTORIES } from './directories.ts';
import { warmEnvironment } from './environment.ts';

const USER_ID = 65_532;

/**
 * Fills the shared caches on a schedule; nothing where spec.api.cache.warming.enabled is false. One that fails is not
 * repeated: the next is not far, and requests fill the caches meanwhile.
 */
export function cacheWarming(cluster: AuthCluster, inputs: BuilderInputs): Manifest[] {
  const { enabled, schedule } = cluster.spec.api.cache.warming;
  if (!enabled) return [];
  return [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: ownedMetadata(cluster, 'warming', names(cluster).warming),
      spec: {
        schedule,
        suspend: cluster.spec.hibernated,
        concurrencyPolicy: 'Forbid',
        // Late by more than this it is left out; without a bound, a hundred missed ones would end the schedule for good.
        startingDeadlineSeconds: 300,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 1,
        jobTemplate: {
          metadata: { labels: labels(cluster, 'warming') },
          spec: { backoffLimit: 0, activeDeadlineSeconds: 600, template: podTemplate(cluster, pod(cluster, inputs)) },
        },
      },
    },
  ];
}

function pod(cluster: AuthCluster, inputs: BuilderInputs): Parameters<typeof podTemplate>[1] {
  const name = names(cluster);
  const login = { username: 'username', password: 'password' };
  return {
    component: 'warming',
    userId: USER_ID,
    imagePullSecrets: inputs.imagePullSecrets,
    terminationGracePeriodSeconds: 10,
    restartPolicy: 'Never',
    containers: [container(cluster, inputs)],
    volumes: [secretVolume('postgres', name.appSecret, login), redisVolume(cluster), emptyDir('tmp', '64Mi')],
  };
}

function container(cluster: AuthCluster, { images }: BuilderInputs): object {
  return {
    name: 'warm',
    ...changeableImage(images.authApi),
    args: ['warm'],
    env: warmEnvironment(cluster),
    resources: DEFAULT_RESOURCES.warming,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'postgres', mountPath: DIRECTORIES.postgres, readOnly: true },
      { name: 'redis', mountPath: DIRECTORIES.redis, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
