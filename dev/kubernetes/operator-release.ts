import { existsSync } from 'node:fs';
import { CommandError, runCommand } from '../command.ts';
import { eventually } from '../eventually.ts';
import { StepFailure } from '../step-failure.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { isOutage, type Patience, throughOutage } from './outage.ts';

export const OPERATOR_NAMESPACE = 'authcluster-system';
export const RELEASE = 'authcluster-operator';
export const CHART = 'helm/authcluster-operator';

export interface OperatorInstallation {
  /** A values file that names the images, such as the one that `make images` writes; else the chart's own. */
  valuesFile?: string;
  timeoutSeconds: number;
}

/**
 * Installs or upgrades the operator with Helm and waits until it runs. Nothing is restarted where nothing changed.
 * Helm installs CRDs but never changes them, so they are applied first. An API server that is away for a while is waited
 * for. Rejects with StepFailure where it is known what to do.
 */
export async function installOperator(
  kubectl: Kubectl,
  { valuesFile, timeoutSeconds }: OperatorInstallation,
  patience?: Patience,
): Promise<void> {
  if (valuesFile !== undefined && !existsSync(valuesFile)) {
    throw new StepFailure(`there is no values file ${valuesFile}`, '`make images` writes .make/images.yaml');
  }
  const forced = ['--server-side', '--force-conflicts', '--field-manager', 'helm'];
  const release = [
    ...['upgrade', '--install', RELEASE, CHART, '--kube-context', kubectl.context, '--namespace', OPERATOR_NAMESPACE],
    ...(valuesFile === undefined ? [] : ['--values', valuesFile]),
    ...['--skip-crds', '--wait', '--timeout', `${timeoutSeconds}s`],
  ];
  try {
    await throughOutage(() => kubectl.apply(JSON.stringify(operatorNamespace())), patience);
    await throughOutage(() => kubectl.run(['apply', ...forced, '-f', `${CHART}/crds`]), patience);
    await definitionServed(kubectl);
    await throughOutage(() => runCommand('helm', release), patience);
  } catch (error) {
    throw explained(error, kubectl);
  }
}

/** With what to do next, where the failure tells. */
function explained(error: unknown, { context }: Kubectl): unknown {
  if (isOutage(error)) {
    const next = `see that the cluster of context ${context} runs (\`make cluster\` starts the local one), and run this again`;
    return new StepFailure(error.message, next);
  }
  if (error instanceof CommandError && error.stderr.includes('another operation')) {
    const helm = (verb: string) => `helm --kube-context ${context} -n ${OPERATOR_NAMESPACE} ${verb} ${RELEASE}`;
    const next =
      `wait until the other one is done. Where there is none, one was ended in its midst: \`${helm('rollback')}\`, or, ` +
      `of a first installation, \`${helm('uninstall')}\` (AuthClusters stay); then run this again`;
    return new StepFailure(error.message, next);
  }
  return error;
}

/**
 * `kubectl wait` gives up at once on a definition so new that its conditions are still `null`
 * (https://github.com/kubernetes/kubernetes/issues/66439), so it is asked again.
 */
async function definitionServed(kubectl: Kubectl): Promise<void> {
  const wait = ['wait', '--for=condition=Established', '--timeout=30s', 'crd/authclusters.authcluster.dev'];
  await eventually(() => kubectl.run(wait), 30_000, 500);
}

/** The operator's namespace, which lets in nothing but pods of the restricted Pod Security Standard. */
export function operatorNamespace() {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: OPERATOR_NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
}

interface OperatorDeployment extends KubernetesObject {
  spec: { template: { spec: { containers: { env?: { name: string; value?: string }[] }[] } } };
}

/** The image that the installed operator gives auth APIs that name none of their own; `undefined` where none is installed. */
export async function authApiImage(kubectl: Kubectl): Promise<string | undefined> {
  const deployment = await kubectl.find<OperatorDeployment>(OPERATOR_NAMESPACE, 'deployments.apps', RELEASE);
  const environment = deployment?.spec.template.spec.containers.flatMap(({ env }) => env ?? []);
  return environment?.find(({ name }) => name === 'AUTH_API_IMAGE')?.value;
}
