import { CommandError } from '../command.ts';
import type { AuthClusterObject } from './auth-cluster.ts';
import { describeCondition } from './auth-cluster.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  terminated?: { reason?: string; exitCode: number };
}

interface Pod extends KubernetesObject {
  status: {
    phase: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: { name: string; ready: boolean; restartCount: number; state?: ContainerState }[];
  };
}

interface KubernetesEvent extends KubernetesObject {
  type: string;
  reason: string;
  message: string;
  lastTimestamp: string | null;
  eventTime: string | null;
  involvedObject: { kind: string; name: string };
}

const LOG_LINES = 12;
const EVENTS_PER_POD = 5;
const PODS_SHOWN = 4;

/**
 * What a person would look up after a failure: AuthClusters with their conditions, then each pod that is not ready
 * with its events and last log lines. Never rejects: a diagnosis must not hide the failure that it is for.
 */
export async function diagnose(kubectl: Kubectl, namespaces: readonly string[]): Promise<string> {
  const sections: string[] = [];
  for (const namespace of namespaces) {
    try {
      sections.push(...(await diagnoseNamespace(kubectl, namespace)));
    } catch (error) {
      sections.push(`namespace ${namespace}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return sections.join('\n');
}

async function diagnoseNamespace(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const clusters = await authClusters(kubectl, namespace);
  const pods = await kubectl.list<Pod>(namespace, 'pods');
  const events = await kubectl.list<KubernetesEvent>(namespace, 'events');
  const troubled = pods.filter(isTroubled);
  const lines = clusters.flatMap((cluster) => [
    `AuthCluster ${namespace}/${cluster.metadata.name}`,
    ...(cluster.status?.conditions ?? []).map((condition) => `  ${condition.status} ${describeCondition(condition)}`),
  ]);
  if (troubled.length === 0) lines.push(`${pods.length} pods in ${namespace}, none of them in trouble`);
  for (const pod of troubled.slice(0, PODS_SHOWN)) lines.push(...(await diagnosePod(kubectl, namespace, pod, events)));
  if (troubled.length > PODS_SHOWN) lines.push(`and ${troubled.length - PODS_SHOWN} more pods that are not ready`);
  lines.push(...otherWarnings(events));
  return lines;
}

/** None, rather than a failure, where the CRD is not installed. */
async function authClusters(kubectl: Kubectl, namespace: string): Promise<AuthClusterObject[]> {
  try {
    return await kubectl.list<AuthClusterObject>(namespace, 'authclusters.authcluster.dev');
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

function isTroubled(pod: Pod): boolean {
  if (pod.status.phase === 'Succeeded') return false;
  return pod.status.conditions?.find((condition) => condition.type === 'Ready')?.status !== 'True';
}

async function diagnosePod(
  kubectl: Kubectl,
  namespace: string,
  pod: Pod,
  events: readonly KubernetesEvent[],
): Promise<string[]> {
  const { name } = pod.metadata;
  const lines = [`pod ${namespace}/${name} (${pod.status.phase})`];
  for (const condition of pod.status.conditions ?? []) {
    // That containers are not ready is told of each container below.
    const told = condition.type === 'Ready' || condition.type === 'ContainersReady';
    if (!told && condition.status === 'False' && condition.message)
      lines.push(`  ${condition.type}: ${condition.message}`);
  }
  for (const container of pod.status.containerStatuses ?? []) {
    lines.push(`  container ${container.name}: ${describeState(container.state)}, ${container.restartCount} restarts`);
  }
  const own = events.filter((event) => event.involvedObject.name === name).sort(byTime);
  for (const event of own.slice(-EVENTS_PER_POD)) lines.push(`  event ${event.reason}: ${event.message}`);
  lines.push(...(await lastLogLines(kubectl, namespace, pod)).map((line) => `  | ${line}`));
  return lines;
}

function describeState(state: ContainerState | undefined): string {
  if (state?.waiting) return `waiting, ${state.waiting.reason ?? ''} ${state.waiting.message ?? ''}`.trim();
  if (state?.terminated) return `ended, ${state.terminated.reason ?? ''} exit code ${state.terminated.exitCode}`;
  return 'running';
}

/** Of a container that keeps ending, the run before this one tells why. */
async function lastLogLines(kubectl: Kubectl, namespace: string, pod: Pod): Promise<string[]> {
  const restarted = pod.status.containerStatuses?.some(
    (container) => container.restartCount > 0 && container.state?.waiting !== undefined,
  );
  const args = ['logs', '-n', namespace, pod.metadata.name, '--all-containers', '--tail', String(LOG_LINES)];
  try {
    const text = await kubectl.run(restarted ? [...args, '--previous'] : args);
    return text.trimEnd().split('\n').filter(Boolean);
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

/** Warnings about objects other than pods: a volume claim that no class serves, a quota that is full. */
function otherWarnings(events: readonly KubernetesEvent[]): string[] {
  return events
    .filter((event) => event.type === 'Warning' && event.involvedObject.kind !== 'Pod')
    .sort(byTime)
    .slice(-EVENTS_PER_POD)
    .map(
      (event) => `event ${event.involvedObject.kind} ${event.involvedObject.name} ${event.reason}: ${event.message}`,
    );
}

function byTime(a: KubernetesEvent, b: KubernetesEvent): number {
  return (a.lastTimestamp ?? a.eventTime ?? '').localeCompare(b.lastTimestamp ?? b.eventTime ?? '');
}
