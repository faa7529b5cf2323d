/**
 * The labels that Kubernetes recommends for the objects of an application
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/): all that belong to an AuthCluster are
 * found by them.
 */
export const NAME_LABEL = 'app.kubernetes.io/name';
/** Its value is the AuthCluster's name. */
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';
/** Its value is a `Component`. */
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
