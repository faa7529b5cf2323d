import type { AuthCluster } from '../../api/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import { autoscaler, disruptionBudget } from '../availability.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { names, PORTS } from '../names.ts';
import { oncePer } from '../once-per.ts';
import { CONTAINER_SECURITY, emptyDir, evenSpread, podTemplate, secretSource, variable } from '../pods.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';
import { exposure } from './exposure.ts';
import { nginxConf } from './nginx.ts';
import { TLS_DIRECTORY, terminatesTls } from './tls.ts';
import { apiHost } from './upstream.ts';

const USER_ID = 65_532;
/** Endpoints of a leaving pod are withdrawn everywhere by then. */
const PRE_STOP_SECONDS = 5;

/** nginx in front of the auth API; nothing where spec.gateway.enabled is false. */
export function gateway(cluster: AuthCluster, inputs: BuilderInputs): Manifest[] {
  if (!cluster.spec.gateway.enabled) return [];
  const name = names(cluster).gateway;
  return [
    gatewayConfiguration(cluster),
    ...exposure(cluster),
    gatewayDeployment(cluster, inputs),
    autoscaler(cluster, {
      component: 'gateway',
      name,
      deployment: name,
      autoscaling: cluster.spec.gateway.autoscaling,
    }),
    disruptionBudget(cluster, { component: 'gateway', name, maxUnavailable: '25%', evictUnhealthy: true }),
  ];
}

/**
 * Named by its content and never changed: a pod that starts again, or that is added while newer pods do not come up,
 * gets the configuration that it was made for.
 */
function gatewayConfiguration(cluster: AuthCluster): Manifest {
  const metadata = ownedMetadata(cluster, 'gateway', gatewayConfigurationName(cluster));
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: true, data: { 'nginx.conf': nginxConf(cluster) } };
}

export const gatewayConfigurationName = oncePer((cluster: AuthCluster): string =>
  names(cluster).gatewayConfiguration(stableHash(nginxConf(cluster)).slice(0, 10)),
);

function gatewayDeployment(cluster: AuthCluster, inputs: BuilderInputs): Manifest {
  const { tls } = cluster.spec.gateway;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: ownedMetadata(cluster, 'gateway', names(cluster).gateway),
    spec: {
      // None goes before its successor is ready: a configuration that is refused takes no pod out of service.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      selector: { matchLabels: selector(cluster, 'gateway') },
      template: podTemplate(cluster, {
        component: 'gateway',
        userId: USER_ID,
        imagePullSecrets: inputs.imagePullSecrets,
        terminationGracePeriodSeconds: PRE_STOP_SECONDS + 25,
        spread: evenSpread(cluster, 'gateway'),
        initContainers: [configurationCheck(cluster, inputs)],
        containers: [container(cluster, inputs)],
        volumes: [
          { name: 'configuration', configMap: { name: gatewayConfigurationName(cluster) } },
          emptyDir('tmp', '256Mi'),
          ...(terminatesTls(cluster) && tls !== undefined ? [certificateVolume(tls.secretName)] : []),
        ],
      }),
    },
  };
}

/** Optional, so that it is the check that finds a missing one, and says so. */
function certificateVolume(secretName: string): object {
  const files = { 'tls.crt': 'tls.crt', 'tls.key': 'tls.key' };
  return { name: 'tls', secret: { ...secretSource(secretName, files), optional: true } };
}

/** What is wrong, if anything, becomes the pod's termination message, and by it the condition of the gateway. */
function configurationCheck(cluster: AuthCluster, inputs: BuilderInputs): object {
  return {
    ...commonParts(cluster, inputs),
    name: 'check-configuration',
    args: ['check'],
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

function container(cluster: AuthCluster, inputs: BuilderInputs): object {
  return {
    ...commonParts(cluster, inputs),
    name: 'nginx',
    ports: [
      { name: 'http', containerPort: PORTS.gateway },
      ...(terminatesTls(cluster) ? [{ name: 'https', containerPort: PORTS.gatewayTls }] : []),
      { name: 'ops', containerPort: PORTS.gatewayOps },
    ],
    startupProbe: { httpGet: { path: '/healthz', port: 'ops' }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { httpGet: { path: '/healthz', port: 'ops' }, periodSeconds: 5, timeoutSeconds: 3 },
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'ops' },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
    lifecycle: { preStop: { exec: { command: ['gateway', 'drain', String(PRE_STOP_SECONDS)] } } },
  };
}

/** Of the check and of what it is a check for. */
function commonParts(cluster: AuthCluster, { images }: BuilderInputs): object {
  const { tls, resources } = cluster.spec.gateway;
  const certificates = terminatesTls(cluster) && tls !== undefined;
  return {
    image: images.gateway,
    env: [variable('API_HOST', apiHost(cluster)), ...(certificates ? [variable('TLS_SECRET', tls.secretName)] : [])],
    resources: resources ?? DEFAULT_RESOURCES.gateway,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      // The one file: the image's mime.types and the like stay where they are.
      { name: 'configuration', mountPath: '/etc/nginx/nginx.conf', subPath: 'nginx.conf', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      ...(certificates ? [{ name: 'tls', mountPath: TLS_DIRECTORY, readOnly: true }] : []),
    ],
  };
}
