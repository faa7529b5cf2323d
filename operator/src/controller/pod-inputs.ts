import type { AuthCluster } from '../api/authcluster.ts';
import { type ImageCatalogue, imagesFor } from '../specs/inputs.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { names, START_VALUES_ANNOTATION } from '../specs/names.ts';
import { TerminalError } from './errors.ts';
import type { Surroundings } from './observe.ts';
import type { Pass } from './pass.ts';
import type { References } from './references.ts';

export interface PodInputOptions {
  references: References;
  catalogue: ImageCatalogue;
  imagePullSecrets: readonly string[];
}

/**
 * What pods of the auth API's image depend on; undefined where there is no image for the spec. Also tells the pass what
 * Secrets and ConfigMaps of others lack. `secret` is what their values are hashed under, where it is known.
 */
export async function podInputs(
  options: PodInputOptions,
  key: string,
  cluster: AuthCluster,
  around: Surroundings,
  secret: string | undefined,
  pass: Pass,
): Promise<MigrationInputs | undefined> {
  // Asleep nobody needs them.
  if (cluster.spec.hibernated) return liveInputs(options, cluster, around, pass);
  const known = { secret, live: liveStartValues(cluster, around) };
  const startValues = await options.references.startValues(key, cluster, known, pass);
  return withImages(options, cluster, startValues, pass);
}

/** The same with what the pods that serve have read, and nobody asked. */
export function liveInputs(
  options: PodInputOptions,
  cluster: AuthCluster,
  around: Surroundings,
  pass: Pass,
): Promise<MigrationInputs | undefined> {
  return withImages(options, cluster, liveStartValues(cluster, around), pass);
}

function withImages(
  { catalogue, imagePullSecrets }: PodInputOptions,
  cluster: AuthCluster,
  startValues: string | undefined,
  pass: Pass,
): Promise<MigrationInputs | undefined> {
  return pass.attempt('images', undefined, async () => {
    const images = imagesFor(cluster, catalogue);
    if (images.kind === 'noPostgresImage') {
      throw new TerminalError(`this operator has no image for PostgreSQL ${images.version}: upgrade the operator`);
    }
    return { images: images.images, imagePullSecrets, startValues };
  });
}

function liveStartValues(cluster: AuthCluster, { objects }: Surroundings): string | undefined {
  const { api, deployments } = objects;
  const serving = api.serving && deployments.get(names(cluster).apiDeployment(api.serving));
  return serving?.spec.template?.metadata?.annotations?.[START_VALUES_ANNOTATION];
}
