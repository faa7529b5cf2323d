import { KIND } from '../api/authcluster.ts';
import type { WatchedKind } from '../kubernetes/cache.ts';
import type { HorizontalPodAutoscaler, LiveObject, Pod } from '../kubernetes/objects.ts';
import { MANAGED_KINDS } from '../kubernetes/rbac.ts';
import { hasComponent } from './tiers.ts';

/** On everything that belongs to an AuthCluster, Patroni's ConfigMaps and the pods included. */
const LABEL_SELECTOR = 'app.kubernetes.io/name=authcluster';

/** Nobody reads their content: existence, labels and version are enough. Secrets stay out of memory by it. */
const METADATA_ONLY = new Set<string>(['ConfigMap', 'Role', 'RoleBinding', 'Secret', 'ServiceAccount']);

const OF_NAMESPACES: readonly WatchedKind[] = [
  { kind: KIND },
  { kind: 'Pod', labelSelector: LABEL_SELECTOR, reduce: withoutContainers },
  { kind: 'PersistentVolumeClaim', labelSelector: LABEL_SELECTOR },
  // They carry the labels of their Service.
  { kind: 'EndpointSlice', labelSelector: LABEL_SELECTOR },
  ...MANAGED_KINDS.map((kind) => ({
    kind,
    labelSelector: LABEL_SELECTOR,
    metadataOnly: METADATA_ONLY.has(kind),
    ...(kind === 'HorizontalPodAutoscaler' ? { reduce: withoutMeasurements } : {}),
  })),
];

/**
 * Who watches some namespaces alone has no rights over nodes, and does without: see docs/how-to/drain-a-node.md. Nodes
 * tell which of them are about to be drained.
 */
export function watchedKinds(namespaces: readonly string[]): readonly WatchedKind[] {
  return namespaces.length > 0 ? OF_NAMESPACES : [...OF_NAMESPACES, { kind: 'Node', clusterScoped: true }];
}

/**
 * A pod's spec is most of it, there are more pods than anything else, and nobody here reads more of it than its node, and how
 * much memory PostgreSQL has.
 */
function withoutContainers(object: LiveObject): LiveObject {
  const { spec, ...pod } = object as LiveObject & { spec?: Pod['spec'] };
  const { nodeName, containers } = spec ?? {};
  const database = hasComponent(object, 'postgres') && containers?.find(({ name }) => name === 'postgres');
  const memory = database ? database.resources?.limits?.memory : undefined;
  const limited = { name: 'postgres', resources: { limits: { memory } } };
  return {
    ...pod,
    spec: {
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(memory === undefined ? {} : { containers: [limited] }),
    },
  } as Pod;
}

/**
 * What Kubernetes measures changes every 15 s, and nobody here reads it: what it concludes is enough, and whether it can
 * measure.
 */
function withoutMeasurements(object: LiveObject): LiveObject {
  const { status, ...autoscaler } = object as HorizontalPodAutoscaler;
  if (status === undefined) return autoscaler;
  const { desiredReplicas, conditions = [] } = status;
  const kept = {
    ...(desiredReplicas === undefined ? {} : { desiredReplicas }),
    conditions: conditions.filter(({ type }) => type === 'ScalingActive'),
  };
  return { ...autoscaler, status: kept } as HorizontalPodAutoscaler;
}
