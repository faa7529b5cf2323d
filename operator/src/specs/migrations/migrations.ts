import type { AuthCluster } from '../../api/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import { DIRECTORIES } from '../auth-api/directories.ts';
import { migrateEnvironment } from '../auth-api/environment.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names } from '../names.ts';
import { oncePerInputs } from '../once-per.ts';
import { CONTAINER_SECURITY, changeableImage, emptyDir, podTemplate, projectedVolume, secretVolume } from '../pods.ts';
import { DEFAULT_RESOURCES } from '../resources.ts';

const USER_ID = 65_532;

/** What pods of the auth API's image depend on; known even while credentials are not. */
export type MigrationInputs = Pick<BuilderInputs, 'images' | 'imagePullSecrets' | 'startValues'>;

/**
 * Brings the schema to what the image expects. A Job cannot be changed, so its name holds a hash of what it runs:
 * another image means another Job. It stays when it is done, as the record that it is.
 */
export const migrationsJob = oncePerInputs((cluster, inputs): Manifest => {
  const spec = {
    backoffLimit: 6,
    activeDeadlineSeconds: 900,
    template: podTemplate(cluster, {
      component: 'migrations',
      userId: USER_ID,
      imagePullSecrets: inputs.imagePullSecrets,
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Never',
      containers: [container(cluster, inputs)],
      volumes: [loginVolume(cluster), emptyDir('tmp', '64Mi')],
    }),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: ownedMetadata(cluster, 'migrations', names(cluster).migrations(stableHash(spec).slice(0, 10))),
    spec,
  };
});

/** External: straight from what the spec names, since a Job begins only once that was seen to work. */
function loginVolume(cluster: AuthCluster): object {
  const { external } = cluster.spec.postgres;
  const login = { username: 'username', password: 'password' };
  if (external === undefined) return secretVolume('postgres', names(cluster).migratorSecret, login);
  const { application, migration = application } = external.credentials;
  const { secretName, usernameKey, passwordKey } = migration;
  const { ca } = external.tls;
  return projectedVolume('postgres', [
    { kind: 'Secret', name: secretName, files: { username: usernameKey, password: passwordKey } },
    ...(ca === undefined ? [] : [{ kind: ca.kind, name: ca.name, files: { 'ca.crt': ca.key } }]),
  ]);
}

function container(cluster: AuthCluster, { images }: MigrationInputs): object {
  return {
    name: 'migrations',
    ...changeableImage(images.authApi),
    args: ['migrate'],
    env: migrateEnvironment(cluster),
    resources: DEFAULT_RESOURCES.migrations,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'postgres', mountPath: DIRECTORIES.postgres, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
