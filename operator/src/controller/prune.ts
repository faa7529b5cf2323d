import { controllerOf, type KubernetesObject, type LiveObject } from '../kubernetes/objects.ts';

const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
const COMPONENT_LABEL = 'app.kubernetes.io/component';
const MANAGER = 'authcluster-operator';

export interface PruneInput {
  /** UID of the AuthCluster: what another one, or nobody, owns is not ours to delete. */
  ownerUid: string;
  live: readonly LiveObject[];
  wanted: readonly KubernetesObject[];
  /** Components whose objects wait for an earlier step: left out for now, not unwanted. */
  held: ReadonlySet<string>;
  /** Components some of whose pods still run what was wanted before, and mount the ConfigMaps of then. */
  replacing: ReadonlySet<string>;
}

/** Live objects of the AuthCluster that are no longer wanted. Both label and owner must say that they are ours. */
export function unwanted({ ownerUid, live, wanted, held, replacing }: PruneInput): LiveObject[] {
  const keep = new Set(wanted.map(keyOf));
  return live.filter((object) => {
    const labels = object.metadata.labels ?? {};
    const component = labels[COMPONENT_LABEL] ?? '';
    return (
      labels[MANAGED_BY_LABEL] === MANAGER &&
      controllerOf(object)?.uid === ownerUid &&
      object.metadata.deletionTimestamp === undefined &&
      !held.has(component) &&
      !(object.kind === 'ConfigMap' && replacing.has(component)) &&
      !keep.has(keyOf(object))
    );
  });
}

function keyOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.name}`;
}
