import { API_VERSION, type AuthCluster, KIND } from '../api/authcluster.ts';
import type { ObjectMetadata, OwnerReference } from '../kubernetes/objects.ts';
import type { Component } from './names.ts';

/** What selects every pod of the AuthCluster. */
export function instanceSelector(cluster: AuthCluster): Record<string, string> {
  return { 'app.kubernetes.io/name': 'authcluster', 'app.kubernetes.io/instance': cluster.metadata.name };
}

/** What selects the pods of a component, and nothing else's. */
export function selector(cluster: AuthCluster, component: Component): Record<string, string> {
  return { ...instanceSelector(cluster), 'app.kubernetes.io/component': component };
}

export function labels(cluster: AuthCluster, component: Component): Record<string, string> {
  return { ...selector(cluster, component), 'app.kubernetes.io/managed-by': 'authcluster-operator' };
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
    labels: { ...instanceSelector(cluster), 'app.kubernetes.io/managed-by': 'authcluster-operator' },
    ownerReferences: [controllerReference(cluster)],
  };
}

/** Of an object that stays when the AuthCluster goes. */
export function keptMetadata(cluster: AuthCluster, component: Component, name: string): ObjectMetadata {
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
