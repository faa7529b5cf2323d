/**
 * Kubernetes objects as the raw JSON the API server speaks: no class instances, no Date, nothing renamed.
 * Only what this operator reads is typed; everything else passes through untouched.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of an object we are about to write. */
export interface ObjectMetadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339. */
  creationTimestamp?: string;
  /** RFC 3339; set once the object is on its way out. */
  deletionTimestamp?: string;
}

/** Any object: what builders produce and what the client takes. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMetadata;
}

/** An object as read back: the API server has filled in identity and version. */
export interface LiveObject extends KubernetesObject {
  metadata: ObjectMetadata & { namespace: string; uid: string; resourceVersion: string };
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: { waiting?: { reason?: string; message?: string }; running?: object; terminated?: Termination };
  lastState?: { terminated?: Termination };
}

interface Termination {
  reason?: string;
  /** RFC 3339. */
  finishedAt?: string;
  exitCode: number;
  /** What the container said at its end, where its termination message policy lets it. */
  message?: string;
}

export interface Pod extends LiveObject {
  spec: {
    nodeName?: string;
    containers?: { name: string; resources?: { limits?: { memory?: string | number } } }[];
  };
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

/** Of no namespace. */
export interface Node extends LiveObject {
  spec?: { unschedulable?: boolean; taints?: { key: string; timeAdded?: string }[] };
  status?: { conditions?: Condition[] };
}

export interface PersistentVolumeClaim extends LiveObject {
  spec: { resources: { requests: { storage: string } } };
  status?: {
    capacity?: { storage?: string };
    conditions?: Condition[];
    /** How far a change of size has come, such as `ControllerResizeInfeasible`. */
    allocatedResourceStatuses?: { storage?: string };
  };
}

export interface StatefulSet extends LiveObject {
  spec: {
    replicas?: number;
    template?: { metadata?: { annotations?: Record<string, string> } };
    volumeClaimTemplates?: { spec: { resources: { requests: { storage: string } } } }[];
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
}

export interface Deployment extends LiveObject {
  spec: {
    replicas?: number;
    template?: {
      metadata?: { annotations?: Record<string, string> };
      spec?: { containers?: { name: string; image?: string }[]; volumes?: { configMap?: { name?: string } }[] };
    };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    unavailableReplicas?: number;
    conditions?: Condition[];
  };
}

export interface HorizontalPodAutoscaler extends LiveObject {
  status?: { desiredReplicas?: number; conditions?: Condition[] };
}

export interface Service extends LiveObject {
  spec?: { selector?: Record<string, string> };
}

export interface EndpointSlice extends LiveObject {
  /** Null where there is none. */
  endpoints?: { conditions?: { ready?: boolean }; targetRef?: { kind?: string; name?: string } }[] | null;
}

export interface Job extends LiveObject {
  status?: { succeeded?: number; failed?: number; active?: number; conditions?: Condition[] };
}

/** Of events.k8s.io/v1. Null where an event has none of it. */
export interface EventObject extends LiveObject {
  note?: string;
  eventTime?: string | null;
  series?: { lastObservedTime: string } | null;
  deprecatedLastTimestamp?: string | null;
}

export interface ConfigMap extends LiveObject {
  data?: Record<string, string>;
}

export interface Secret extends LiveObject {
  /** Values are base64. */
  data?: Record<string, string>;
}

/** `namespace/name`: the key of a custom resource in queues and logs. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Splits what {@link objectKey} joined. Kubernetes names hold no slash. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  if (slash < 1 || slash === key.length - 1) throw new RangeError(`not a namespace/name key: "${key}"`);
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The reference that makes an object ours, if it has one. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether a condition is there and True. */
export function hasCondition({ status }: { status?: { conditions?: readonly Condition[] } }, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Whether Kubernetes has looked at its present spec: what its status counts is of that one. */
export function isTakenUp({ metadata, status }: StatefulSet | Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}
