import type { AuthCluster } from '../api/authcluster.ts';
import type { MigrationInputs } from './migrations/migrations.ts';

/**
 * A function that computes once for each object, as long as that is there. What comes from watches is never changed in
 * place, so one version of an AuthCluster is one object, however often it is looked at.
 */
export function oncePer<K extends WeakKey, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: compute(key) };
    known.set(key, found);
    return found.value;
  };
}

/** The same of an AuthCluster and what pods of the auth API's image depend on besides, for the last of such inputs. */
export function oncePerInputs<V>(
  compute: (cluster: AuthCluster, inputs: MigrationInputs) => V,
): (cluster: AuthCluster, inputs: MigrationInputs) => V {
  const known = new WeakMap<AuthCluster, { inputs: string; value: V }>();
  return (cluster, { images, imagePullSecrets, startValues }) => {
    const last = known.get(cluster);
    const inputs = JSON.stringify([images, imagePullSecrets, startValues]);
    if (last?.inputs === inputs) return last.value;
    const value = compute(cluster, { images, imagePullSecrets, startValues });
    known.set(cluster, { inputs, value });
    return value;
  };
}
