import type { AuthCluster } from '../api/authcluster.ts';
import { labels, selector } from './metadata.ts';
import type { Component } from './names.ts';
import { podPlacement, schedulingOf } from './scheduling.ts';

/** Kubernetes' own shape of an environment variable. */
export interface EnvironmentEntry {
  name: string;
  value?: string | undefined;
  valueFrom?: object | undefined;
}

export interface PodOptions {
  component: Component;
  /** Beside those of the component. */
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** Also the group, and the group of mounted volumes. */
  userId: number;
  imagePullSecrets: readonly string[];
  /** With one, its token is mounted; without, the pod cannot talk to the API server. */
  serviceAccountName?: string;
  terminationGracePeriodSeconds: number;
  restartPolicy?: 'Never';
  spread?: object;
  initContainers?: readonly object[];
  containers: readonly object[];
  volumes: readonly object[];
}

export interface PodTemplate {
  metadata: { labels: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>> };
  spec: object;
}

/** A pod template under the restricted Pod Security Standard. */
export function podTemplate(cluster: AuthCluster, options: PodOptions): PodTemplate {
  const { userId, serviceAccountName, imagePullSecrets, restartPolicy, initContainers } = options;
  const scheduling = schedulingOf(cluster, options.component);
  const annotations = { ...scheduling.podAnnotations, ...options.annotations };
  return {
    metadata: {
      labels: { ...scheduling.podLabels, ...labels(cluster, options.component), ...options.labels },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
      automountServiceAccountToken: serviceAccountName !== undefined,
      enableServiceLinks: false,
      ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
      terminationGracePeriodSeconds: options.terminationGracePeriodSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: userId,
        fsGroup: userId,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...podPlacement(scheduling, options.spread),
      ...(initContainers === undefined ? {} : { initContainers }),
      containers: options.containers,
      volumes: options.volumes,
    },
  };
}

/** Of every container. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

/** Readable by the pod's user and group alone. */
const SECRET_FILE_MODE = 0o440;

/**
 * Interchangeable pods, evenly over zones and nodes; a rollout's new pods are spread among themselves. Preferred and
 * not required: a cluster with one zone or few nodes must work, too.
 */
export function evenSpread(cluster: AuthCluster, component: Component): object {
  const constraint = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selector(cluster, component) },
    matchLabelKeys: ['pod-template-hash'],
  });
  return {
    topologySpreadConstraints: [constraint('topology.kubernetes.io/zone'), constraint('kubernetes.io/hostname')],
  };
}

/** Members that stand in for each other: apart from those selected, by node first, then by zone. */
export function apart(matchLabels: Record<string, string>): object {
  const away = (topologyKey: string, weight: number) => ({
    weight,
    podAffinityTerm: { topologyKey, labelSelector: { matchLabels } },
  });
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          away('kubernetes.io/hostname', 100),
          away('topology.kubernetes.io/zone', 50),
        ],
      },
    },
  };
}

/**
 * An image that the spec may change, with the policy that Kubernetes would choose for it. Left to Kubernetes, the policy of
 * the first image stays with all that follow it: it is chosen when the field is missing, and not chosen again.
 */
export function changeableImage(image: string): { image: string; imagePullPolicy: 'Always' | 'IfNotPresent' } {
  const floats = !image.includes('@') && (!/:[^/]*$/.test(image) || image.endsWith(':latest'));
  return { image, imagePullPolicy: floats ? 'Always' : 'IfNotPresent' };
}

export function variable(name: string, value: string | number): EnvironmentEntry {
  return { name, value: String(value) };
}

export function variableFromField(name: string, fieldPath: string): EnvironmentEntry {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

export function variableFromSecret(name: string, secret: string, key: string): EnvironmentEntry {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** A volume of some keys of a Secret, each as a file. */
export function secretVolume(name: string, secretName: string, files: Readonly<Record<string, string>>): object {
  return { name, secret: secretSource(secretName, files) };
}

/** What a volume holds of a Secret: keys by their path; undefined: every key, under its name. */
export function secretSource(secretName: string, files: Readonly<Record<string, string>> | undefined): object {
  const items = files && Object.entries(files).map(([path, key]) => ({ key, path }));
  return { secretName, defaultMode: SECRET_FILE_MODE, ...(items === undefined ? {} : { items }) };
}

export interface VolumeSource {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  /** Keys by path. */
  files: Readonly<Record<string, string>>;
}

/** A volume of keys of several objects, each as a file. */
export function projectedVolume(name: string, sources: readonly VolumeSource[]): object {
  const projections = sources.map((source) => {
    const items = Object.entries(source.files).map(([path, key]) => ({ key, path }));
    return { [source.kind === 'Secret' ? 'secret' : 'configMap']: { name: source.name, items } };
  });
  return { name, projected: { defaultMode: SECRET_FILE_MODE, sources: projections } };
}

/** Scratch space on the node. */
export function emptyDir(name: string, sizeLimit: string): object {
  return { name, emptyDir: { sizeLimit } };
}
