/**
 * The kinds this operator knows, and where the API server keeps them. A closed table instead of discovery:
 * RBAC has to name them all anyway, and a kind that is missing here must not be reachable by accident.
 */
export interface Resource {
  apiVersion: string;
  kind: string;
  plural: string;
  /** By an extension that a cluster may lack; what it is called, for a person. */
  extension?: string;
  /** Nobody asks for such objects by name: where the cluster does not have the kind, or not any more, they are left out. */
  dispensable?: true;
}

const RESOURCES: readonly Resource[] = [
  { apiVersion: 'authcluster.dev/v1alpha1', kind: 'AuthCluster', plural: 'authclusters' },
  { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' },
  { apiVersion: 'v1', kind: 'Node', plural: 'nodes' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' },
  { apiVersion: 'v1', kind: 'Pod', plural: 'pods' },
  { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' },
  { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
  { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers' },
  { apiVersion: 'batch/v1', kind: 'CronJob', plural: 'cronjobs' },
  { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' },
  { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', plural: 'certificates', extension: 'cert-manager' },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' },
  { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices' },
  { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', plural: 'httproutes', extension: 'the Gateway API' },
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    plural: 'podmonitors',
    extension: 'the Prometheus Operator',
    dispensable: true,
  },
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    plural: 'prometheusrules',
    extension: 'the Prometheus Operator',
    dispensable: true,
  },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', plural: 'ingresses' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', plural: 'networkpolicies' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', plural: 'roles' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', plural: 'rolebindings' },
];

const BY_KIND = new Map(RESOURCES.map((resource) => [resource.kind, resource]));

/** Looks a kind up. Throws RangeError for one that is not in the table: a programming mistake. */
export function resourceOf(kind: string): Resource {
  const resource = BY_KIND.get(kind);
  if (resource === undefined) throw new RangeError(`kind ${kind} is not known to this operator`);
  return resource;
}

/** "" for the core group, as RBAC spells it. */
export function groupOf(resource: Resource): string {
  const slash = resource.apiVersion.indexOf('/');
  return slash < 0 ? '' : resource.apiVersion.slice(0, slash);
}

/** `pods`, `statefulsets.apps`: how logs and metrics name a resource. */
export function qualifiedName(resource: Resource): string {
  const group = groupOf(resource);
  return group === '' ? resource.plural : `${resource.plural}.${group}`;
}

/**
 * URL path of a collection (no name) or of one object, with an optional subresource.
 * Without a namespace it is the collection over all namespaces.
 */
export function resourcePath(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.plural}${object}${subresource === undefined ? '' : `/${subresource}`}`;
}
