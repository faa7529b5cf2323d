import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { forwardPort, type GatewayAddress } from '../../../dev/kubernetes/gateway.ts';
import { Kubectl } from '../../../dev/kubernetes/kubectl.ts';
import { textAt } from './metrics-observer.ts';
import type { Observer } from './observation.ts';
import { type MetricSample, parsePrometheusText } from './prometheus-text.ts';
import { coresOf, mebibytesOf } from './quantities.ts';
import { apiSample, type Sample, type TierSample } from './samples.ts';

export interface AuthClusterName {
  readonly namespace: string;
  readonly name: string;
  /** kubectl's context; the current one unless given. */
  readonly context?: string;
}

export interface KubernetesObserver {
  readonly observe: Observer;
  close(): void;
}

export interface Pod {
  metadata: { name: string; labels?: Record<string, string> };
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
  spec: { containers: { resources?: { limits?: { cpu?: string } } }[] };
}

export interface PodUsage {
  metadata: { name: string };
  containers: { usage: { cpu: string; memory: string } }[];
}

const OPS_PORT = 9090;

/**
 * Reads an AuthCluster through one `kubectl proxy`, which costs less than a kubectl per look, and the metrics of its auth
 * API by port-forward.
 * @param onFailure hears what could not be read
 */
export async function startKubernetesObserver(
  cluster: AuthClusterName,
  onFailure: (error: unknown) => void = () => {},
): Promise<KubernetesObserver> {
  const { child, url } = await startProxy(cluster.context);
  const metrics = new PodMetrics(cluster);
  const close = () => {
    child.kill();
    metrics.close();
  };
  return { observe: () => observeCluster(url, cluster, metrics, onFailure), close };
}

/** Network policies let nobody in whom the AuthCluster has not declared, the API server's proxy neither. */
class PodMetrics {
  readonly #cluster: AuthClusterName;
  readonly #kubectl: Kubectl;
  readonly #forwards = new Map<string, Promise<GatewayAddress>>();

  constructor(cluster: AuthClusterName) {
    this.#cluster = cluster;
    // Without a name it takes the current context.
    this.#kubectl = new Kubectl(cluster.context ?? '');
  }

  async of({ metadata: { name } }: Pod): Promise<MetricSample[]> {
    const forward =
      this.#forwards.get(name) ?? forwardPort(this.#kubectl, this.#cluster.namespace, `pod/${name}`, OPS_PORT);
    this.#forwards.set(name, forward);
    try {
      return parsePrometheusText(await textAt(`${(await forward).url}/metrics`));
    } catch (error) {
      // The pod, or the way to it, has gone.
      this.#forwards.delete(name);
      forward.then(({ close }) => close()).catch(() => {});
      throw error;
    }
  }

  close(): void {
    for (const forward of this.#forwards.values()) forward.then(({ close }) => close()).catch(() => {});
  }
}

async function observeCluster(
  url: string,
  { namespace, name }: AuthClusterName,
  metrics: PodMetrics,
  onFailure: (error: unknown) => void,
): Promise<Partial<Omit<Sample, 'atSeconds'>>> {
  const json = async <T>(path: string) => JSON.parse(await textAt(`${url}${path}`)) as T;
  const selector = encodeURIComponent(`app.kubernetes.io/instance=${name}`);
  const { items: pods } = await json<{ items: Pod[] }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
  );
  const [usage, autoscaler, api] = await Promise.allSettled([
    json<{ items: PodUsage[] }>(`/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?labelSelector=${selector}`),
    json<{ status: { desiredReplicas?: number; currentReplicas?: number } }>(
      `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${name}-api`,
    ),
    Promise.all(servingPods(pods).map((pod) => metrics.of(pod))),
  ]);
  for (const each of [usage, api]) if (each.status === 'rejected') onFailure(each.reason);
  return {
    ...(usage.status === 'fulfilled' ? { tiers: tierSamples(pods, usage.value.items) } : {}),
    ...(api.status === 'fulfilled' && api.value.length > 0 ? { api: apiSample(api.value) } : {}),
    ...(autoscaler.status === 'fulfilled'
      ? {
          autoscaler: {
            desired: autoscaler.value.status.desiredReplicas ?? 0,
            current: autoscaler.value.status.currentReplicas ?? 0,
          },
        }
      : {}),
  };
}

function servingPods(pods: readonly Pod[]): Pod[] {
  return pods.filter(
    ({ metadata, status }) =>
      metadata.labels?.['app.kubernetes.io/component'] === 'auth-api' &&
      status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
  );
}

/** CPU and memory by component, of running pods. */
export function tierSamples(pods: readonly Pod[], usage: readonly PodUsage[]): Record<string, TierSample> {
  const used = new Map(usage.map(({ metadata, containers }) => [metadata.name, containers]));
  const tiers: Record<string, TierSample> = {};
  for (const { metadata, spec, status } of pods) {
    if (status?.phase !== 'Running') continue;
    const component = metadata.labels?.['app.kubernetes.io/component'] ?? 'other';
    const containers = used.get(metadata.name) ?? [];
    const limits = spec.containers.map(({ resources }) => resources?.limits?.cpu);
    const before = tiers[component];
    const limit = sumOfLimits(before === undefined ? 0 : before.limitCores, limits);
    tiers[component] = {
      pods: (before?.pods ?? 0) + 1,
      cpuCores: containers.reduce((sum, container) => sum + coresOf(container.usage.cpu), before?.cpuCores ?? 0),
      memoryMib: containers.reduce(
        (sum, container) => sum + mebibytesOf(container.usage.memory),
        before?.memoryMib ?? 0,
      ),
      ...(limit === undefined ? {} : { limitCores: limit }),
    };
  }
  return tiers;
}

/** Undefined as soon as one container may take as much as it likes. */
function sumOfLimits(before: number | undefined, limits: readonly (string | undefined)[]): number | undefined {
  let sum = before;
  for (const limit of limits) sum = sum === undefined || limit === undefined ? undefined : sum + coresOf(limit);
  return sum;
}

function startProxy(context: string | undefined): Promise<{ child: ChildProcess; url: string }> {
  const args = ['proxy', '--port=0', '--address=127.0.0.1', ...(context === undefined ? [] : [`--context=${context}`])];
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const read = (line: string): void => {
      said.push(line);
      const address = /Starting to serve on (\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve({ child, url: `http://${address}` });
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', (error) => reject(new Error(`kubectl could not be started: ${error.message}`)));
    child.once('close', () => reject(new Error(`kubectl proxy ended: ${said.join(' ')}`)));
  });
}
