import { API_VERSION, type AuthCluster, KIND } from '../api/authcluster.ts';
import { COMPONENT_LABEL, INSTANCE_LABEL, MANAGED_BY_LABEL, NAME_LABEL } from '../kubernetes/labels.ts';
import type { ObjectMetadata, OwnerReference } from '../kubernetes/objects.ts';
import type { Component } from './names.ts';

/** What the objects that this operator makes say of who manages them. */
export const MANAGER = 'authcluster-operator';

/** What selects every pod of the AuthCluster. */
export function instanceSelector(cluster: AuthCluster): Record<string, string> {
  return { [NAME_LABEL]: 'authcluster', [INSTANCE_LABEL]: cluster.metadata.name };
}

/** What selects the pods of a component, and nothing else's. */
export function selector(cluster: AuthCluster, component: Component): Record<string, string> {
  return { ...instanceSelector(cluster), [COMPONENT_LABEL]: component };
}

export function labels(cluster: AuthCluster, component: Component): Record<string, string> {
  return { ...selector(cluster, component), [MANAGED_BY_LABEL]: MANAGER };
}

/** Of an object that goes when the AuthCluster goes, and when it is no longer wanted. */
export function ownedMetadata(cluster: AuthCluster, component: Component, name: string): ObjectMetadata {
  return { ...keptMetadata(cluster, component, name), ownerReferences: [controllerReference(cluster)] };
}

/** The same, of an object that is about the AuthCluster as a whole. */
export function instanceMetadata(cluster: AuthCluster, name: string): ObjectMetadata {
  return {
    name,
    namespace: cluster.metadata.namespace,
    labels: { ...instanceSelector(cluster), [MANAGED_BY_LABEL]: MANAGER },
    ownerReferences: [controllerReference(cluster)],
  };
}

/** Of an object that stays when the AuthCluster goes. */
function keptMetadata(cluster: AuthCluster, component: Component, name: string): ObjectMetadata {
  return { name, namespace: cluster.metadata.namespace, labels: labels(cluster, component) };
}

/**
 * Of what opens data: kept or not when the AuthCluster goes, as spec.deletionPolicy says. The owner does not control
 * it, so that nothing takes it for an object that is built anew at each pass and may be pruned.
 */
export function dataMetadata(cluster: AuthCluster, component: Component, name: string): ObjectMetadata {
  const metadata = keptMetadata(cluster, component, name);
  if (cluster.spec.deletionPolicy === 'Retain') return metadata;
  return { ...metadata, ownerReferences: [ownerReference(cluster)] };
}

function controllerReference(cluster: AuthCluster): OwnerReference {
  return { ...ownerReference(cluster), controller: true, blockOwnerDeletion: true };
}

function ownerReference({ metadata: { name, uid } }: AuthCluster): OwnerReference {
  return { apiVersion: API_VERSION, kind: KIND, name, uid };
}
