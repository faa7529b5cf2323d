import type { ContainerStatus, Pod } from '../kubernetes/objects.ts';
import type { StuckPod } from '../status/observed.ts';

/** Waiting reasons that pass by themselves within a normal start. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);

/** What a person can do, where Kubernetes' own message only says what is wrong. By its reason. */
const NEXT: Readonly<Record<string, string>> = {
  ErrImagePull: 'correct the image, or let the nodes pull it (imagePullSecrets)',
  ImagePullBackOff: 'correct the image, or let the nodes pull it (imagePullSecrets)',
  InvalidImageName: 'correct the image',
  Unschedulable: 'add nodes, or change what the pod asks for: resources, scheduling, storage class',
  OOMKilled: 'raise the memory limit in resources',
};

/** Why a pod does not run and what to do, if something holds it up that a person would want to know. */
export function whyStuck(pod: Pod): StuckPod | undefined {
  const { phase, initContainerStatuses = [], containerStatuses = [], conditions = [] } = pod.status ?? {};
  // Those of a Job, which tries again with another pod, or gives up and says so.
  if (phase === 'Failed' || phase === 'Succeeded') return undefined;
  const stuck = (reason: string, message: string): StuckPod => {
    const next = NEXT[reason];
    return { pod: pod.metadata.name, reason, message: next === undefined ? message : `${message}. Next: ${next}` };
  };
  const failing = [...initContainerStatuses, ...containerStatuses.filter(({ ready }) => !ready)].find(failedLast);
  // Also in the moments between two attempts, and during one: it did not work, and nothing has changed since.
  if (failing !== undefined) {
    const reason = failedLast(failing)?.reason ?? 'Error';
    return stuck(reason, lastWords(failing) ?? `${lastExit(failing)}: ${logsOf(pod, failing)}`);
  }
  for (const { name, state } of [...initContainerStatuses, ...containerStatuses]) {
    const waiting = state?.waiting;
    if (waiting?.reason !== undefined && !PASSING.has(waiting.reason)) {
      return stuck(waiting.reason, waiting.message ?? `container ${name} waits`);
    }
  }
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  return stuck(scheduled.reason ?? 'Unschedulable', scheduled.message ?? 'no node takes it');
}

/** How a container ended that has not ended well since. */
function failedLast({ state, lastState }: ContainerStatus) {
  const ended = state?.terminated ?? lastState?.terminated;
  return ended === undefined || ended.exitCode === 0 ? undefined : ended;
}

function lastWords(status: ContainerStatus): string | undefined {
  const message = failedLast(status)?.message?.trim();
  return message ? `container ${status.name}: ${message}` : undefined;
}

function lastExit(status: ContainerStatus): string {
  return `container ${status.name} ended with exit code ${failedLast(status)?.exitCode}`;
}

function logsOf({ metadata: { namespace, name } }: Pod, container: ContainerStatus): string {
  return `see kubectl logs -n ${namespace} ${name} -c ${container.name} --previous`;
}
