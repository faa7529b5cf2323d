import type { AuthCluster } from '../../operator/src/api/authcluster.ts';
import type { Manifest } from '../../operator/src/specs/manifest.ts';
import { generatedSecrets } from '../../operator/src/specs/secrets/credentials.ts';

/** A container as the kubelet would start it. */
export interface RenderedContainer {
  args: string[];
  variables: Record<string, string>;
  /** By name. */
  ports: Record<string, number>;
  /** Content by absolute path, of all mounted Secrets and ConfigMaps. */
  files: Map<string, string>;
  gracePeriodSeconds: number;
  preStopSeconds: number;
}

interface PodSpec {
  terminationGracePeriodSeconds: number;
  containers: {
    args: string[];
    env: { name: string; value?: string; valueFrom?: ValueSource }[];
    ports?: { name: string; containerPort: number }[];
    resources: { limits?: { cpu?: string | number } };
    volumeMounts: { name: string; mountPath: string }[];
    lifecycle?: { preStop: { sleep: { seconds: number } } };
  }[];
  volumes: {
    name: string;
    secret?: { secretName: string; items?: Item[] };
    configMap?: { name: string; items?: Item[] };
    projected?: { sources: Projection[] };
  }[];
}

interface ValueSource {
  resourceFieldRef?: { resource: string };
  secretKeyRef?: { name: string; key: string };
}

interface Item {
  key: string;
  path: string;
}

interface Projection {
  secret?: { name: string; items: Item[] };
  configMap?: { name: string; items: Item[] };
}

interface PodMaker {
  template: { spec: PodSpec };
}

/** The only container of the only workload of this kind and component. */
export function renderedContainer(
  cluster: AuthCluster,
  objects: readonly Manifest[],
  kind: string,
  component: string,
  /** What is in Secrets and ConfigMaps that the operator does not make: by name and key. */
  brought: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): RenderedContainer {
  const workload = objects.find(
    (object) => object.kind === kind && object.metadata.labels?.['app.kubernetes.io/component'] === component,
  ) as { spec: PodMaker | { jobTemplate: { spec: PodMaker } } } | undefined;
  const maker = workload && ('jobTemplate' in workload.spec ? workload.spec.jobTemplate.spec : workload.spec);
  const pod = maker?.template.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error(`no ${kind} of ${component} was rendered`);
  const values = { ...generatedValues(cluster), ...builtValues(objects), ...brought };
  const variables = container.env.map(({ name, value, valueFrom }): [string, string] => {
    const fromLimit = valueFrom?.resourceFieldRef?.resource === 'limits.cpu';
    const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
    return [name, value ?? (fromLimit ? millicores(container.resources.limits?.cpu) : (values[secret]?.[key] ?? ''))];
  });
  return {
    args: container.args,
    variables: Object.fromEntries(variables),
    ports: Object.fromEntries((container.ports ?? []).map(({ name, containerPort }) => [name, containerPort])),
    files: mountedFiles(values, pod, container.volumeMounts),
    gracePeriodSeconds: pod.terminationGracePeriodSeconds,
    preStopSeconds: container.lifecycle?.preStop.sleep.seconds ?? 0,
  };
}

/** As the downward API gives limits.cpu with divisor 1m; without a limit it would be the node's. */
function millicores(cpu: string | number = 1): string {
  const text = String(cpu);
  return text.endsWith('m') ? text.slice(0, -1) : String(Number(text) * 1000);
}

type SecretValues = Readonly<Record<string, Readonly<Record<string, string>>>>;

function generatedValues(cluster: AuthCluster): SecretValues {
  const bytes = (size: number) => Buffer.alloc(size, 7);
  return builtValues(generatedSecrets(cluster).map(({ generate }) => generate(bytes, new Date(0))));
}

function builtValues(objects: readonly Manifest[]): SecretValues {
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  const decoded = secrets.map(({ metadata, data }): [string, Record<string, string>] => {
    const entries = Object.entries(data as Record<string, string>);
    const values = entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
    return [metadata.name, Object.fromEntries(values)];
  });
  return Object.fromEntries(decoded);
}

function mountedFiles(
  values: SecretValues,
  { volumes }: PodSpec,
  mounts: readonly { name: string; mountPath: string }[],
): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, mountPath } of mounts) {
    const { secret, configMap, projected } = volumes.find((volume) => volume.name === name) ?? {};
    const projections = projected?.sources.map((source) => source.secret ?? source.configMap) ?? [];
    const whole = secret === undefined ? configMap : { name: secret.secretName, items: secret.items };
    const sources = whole === undefined ? projections : [whole];
    for (const source of sources) {
      const content = values[source?.name ?? ''] ?? {};
      // Without a choice of items, every key is a file.
      for (const { key, path } of source?.items ?? Object.keys(content).map((each) => ({ key: each, path: each }))) {
        const value = content[key];
        if (value === undefined) throw new Error(`${source?.name} is not there with key ${key}`);
        files.set(`${mountPath}/${path}`, value);
      }
    }
  }
  return files;
}
