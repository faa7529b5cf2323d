import type { AuthCluster } from '../../api/authcluster.ts';
import type { MigrationInputs } from '../migrations/migrations.ts';
import { names, PORTS, START_VALUES_ANNOTATION } from '../names.ts';
import {
  CONTAINER_SECURITY,
  changeableImage,
  emptyDir,
  evenSpread,
  type PodTemplate,
  podTemplate,
  secretSource,
  secretVolume,
} from '../pods.ts';
import { redisVolume } from '../redis/client.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';
import { DIRECTORIES } from './directories.ts';
import { SHUTDOWN_GRACE_SECONDS, serveEnvironment } from './environment.ts';
import { mailCredentials } from './mail.ts';

const USER_ID = 65_532;
/** Endpoints of a leaving pod are withdrawn everywhere by then. */
const PRE_STOP_SECONDS = 5;

/** The pod template of the auth API, without the colour that tells its Deployments apart. */
export function authApiPod(cluster: AuthCluster, inputs: MigrationInputs): PodTemplate {
  return podTemplate(cluster, {
    component: 'auth-api',
    ...(inputs.startValues === undefined ? {} : { annotations: { [START_VALUES_ANNOTATION]: inputs.startValues } }),
    userId: USER_ID,
    imagePullSecrets: inputs.imagePullSecrets,
    terminationGracePeriodSeconds: PRE_STOP_SECONDS + SHUTDOWN_GRACE_SECONDS + 5,
    spread: evenSpread(cluster, 'auth-api'),
    containers: [container(cluster, inputs)],
    volumes: volumes(cluster),
  });
}

function container(cluster: AuthCluster, { images }: MigrationInputs): object {
  return {
    name: 'auth-api',
    ...changeableImage(images.authApi),
    args: ['serve'],
    env: serveEnvironment(cluster),
    ports: [
      { name: 'http', containerPort: PORTS.authApi },
      { name: 'ops', containerPort: PORTS.authApiOps },
    ],
    startupProbe: { httpGet: { path: '/livez', port: 'ops' }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'ops' }, periodSeconds: 3, timeoutSeconds: 3 },
    livenessProbe: {
      httpGet: { path: '/livez', port: 'ops' },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    resources: cluster.spec.api.resources ?? DEFAULT_RESOURCES.api,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'postgres', mountPath: DIRECTORIES.postgres, readOnly: true },
      { name: 'redis', mountPath: DIRECTORIES.redis, readOnly: true },
      { name: 'keys', mountPath: DIRECTORIES.keys, readOnly: true },
      ...broughtSecrets(cluster).map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
      ...(mailTemplates(cluster) === undefined
        ? []
        : [{ name: 'mail-templates', mountPath: DIRECTORIES.mailTemplates, readOnly: true }]),
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** Credentials are files, not variables: the API reads them again, so a change needs no restart. */
function volumes(cluster: AuthCluster): object[] {
  const name = names(cluster);
  const login = { username: 'username', password: 'password' };
  return [
    secretVolume('postgres', name.appSecret, login),
    redisVolume(cluster),
    secretVolume('keys', name.keysSecret, { 'keyset.json': 'keyset.json', 'derivation.key': 'derivation.key' }),
    ...broughtSecrets(cluster).map(({ name: volume, secretName, files }) => ({
      name: volume,
      // Pods start without it, and find it when it is there: want of it must not cost those who serve.
      secret: { ...secretSource(secretName, files), optional: true },
    })),
    ...mailTemplateVolumes(cluster),
    emptyDir('tmp', '64Mi'),
  ];
}

function mailTemplateVolumes(cluster: AuthCluster): object[] {
  const templates = mailTemplates(cluster);
  if (templates === undefined) return [];
  return [{ name: 'mail-templates', configMap: { name: templates.configMapName, defaultMode: 0o444, optional: true } }];
}

function mailTemplates({ spec: { api } }: AuthCluster) {
  return api.mail?.templates;
}

/** Secrets that somebody else makes, and changes. */
function broughtSecrets({ spec: { api } }: AuthCluster) {
  const { bootstrapAdmin, oauthClients, mail } = api;
  const mailSecret = mail && mailCredentials(mail);
  return [
    bootstrapAdmin && {
      name: 'administrator',
      mountPath: DIRECTORIES.administrator,
      secretName: bootstrapAdmin.secretName,
      files: { username: 'username', password: 'password' },
    },
    oauthClients && {
      name: 'oauth-clients',
      mountPath: DIRECTORIES.oauthClients,
      secretName: oauthClients.secretName,
      files: undefined,
    },
    mailSecret && {
      name: 'mail-credentials',
      mountPath: DIRECTORIES.mailCredentials,
      secretName: mailSecret.secretName,
      files: undefined,
    },
  ].filter((each) => each !== undefined);
}
