import { existsSync } from 'node:fs';
import { runCommand } from '../command.ts';
import { eventually } from '../eventually.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';

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
 * Helm installs CRDs but never changes them, so they are applied first.
 */
export async function installOperator(
  kubectl: Kubectl,
  { valuesFile, timeoutSeconds }: OperatorInstallation,
): Promise<void> {
  if (valuesFile !== undefined && !existsSync(valuesFile)) throw new Error(`there is no values file ${valuesFile}`);
  await kubectl.apply(JSON.stringify(operatorNamespace()));
  await kubectl.run(['apply', '--server-side', '--force-conflicts', '--field-manager', 'helm', '-f', `${CHART}/crds`]);
  await definitionServed(kubectl);
  await runCommand('helm', [
    ...['upgrade', '--install', RELEASE, CHART, '--kube-context', kubectl.context, '--namespace', OPERATOR_NAMESPACE],
    ...(valuesFile === undefined ? [] : ['--values', valuesFile]),
    ...['--skip-crds', '--wait', '--timeout', `${timeoutSeconds}s`],
  ]);
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
