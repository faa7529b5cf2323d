import { API_VERSION, type AuthCluster, KIND } from '../api/authcluster.ts';
import type { LiveObject, OwnerReference } from '../kubernetes/objects.ts';

export interface OwnershipChange {
  object: LiveObject;
  /** Merge patch; the resource version guards the owners that others have set meanwhile. */
  patch: { metadata: { resourceVersion: string; ownerReferences: OwnerReference[] } };
}

/**
 * Under deletionPolicy Delete what is otherwise kept gets an owner, so that Kubernetes' own garbage collection takes
 * it along: no finalizer, and deletion works without the operator. Under Retain the owner is taken away again.
 */
export function ownershipChanges(cluster: AuthCluster, kept: readonly LiveObject[]): OwnershipChange[] {
  const owned = cluster.spec.deletionPolicy === 'Delete';
  return kept
    .filter((object) => isOwnedBy(object, cluster) !== owned)
    .map((object) => {
      const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== cluster.metadata.uid);
      const ownerReferences = owned ? [...others, ownerReference(cluster)] : others;
      return { object, patch: { metadata: { resourceVersion: object.metadata.resourceVersion, ownerReferences } } };
    });
}

function isOwnedBy(object: LiveObject, cluster: AuthCluster): boolean {
  return object.metadata.ownerReferences?.some(({ uid }) => uid === cluster.metadata.uid) ?? false;
}

/** Not a *controlling* owner: these objects are never pruned. */
function ownerReference(cluster: AuthCluster): OwnerReference {
  const { name, uid } = cluster.metadata;
  return { apiVersion: API_VERSION, kind: KIND, name, uid };
}
