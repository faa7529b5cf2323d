import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { runCommand } from '../../dev/command.ts';
import { CHART, OPERATOR_NAMESPACE, RELEASE } from '../../dev/kubernetes/operator-release.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE, valuesFile } from './cluster.ts';
import { eventually } from './eventually.ts';

export const ROOT = join(import.meta.dirname, '../..');
const IN_NAMESPACE = ['--kube-context', kubectl.context, '--namespace', OPERATOR_NAMESPACE];

/** As the how-to guides have it, and with the images of this checkout. Installs where nothing is installed. */
export function helmUpgrade(chart: string, ...settings: string[]): Promise<string> {
  const command = [
    ...['upgrade', '--install', RELEASE, chart, ...IN_NAMESPACE],
    ...(valuesFile === undefined ? [] : ['--values', valuesFile]),
    ...['--wait', '--timeout', '240s', ...settings],
  ];
  return runCommand('helm', command, { directory: ROOT });
}

export function helmUninstall(): Promise<string> {
  return runCommand('helm', ['uninstall', RELEASE, ...IN_NAMESPACE, '--wait', '--timeout', '120s']);
}

/** A field that the earlier definition does not have. */
export const NEW_FIELD = ['gateway', 'properties', 'forwardAuthCallers'];

/** The definition of an earlier release: this one without a field. */
export async function earlierDefinition(): Promise<string> {
  const definition = parseDocument(await readFile(join(ROOT, CHART, 'crds/authclusters.yaml'), 'utf8'));
  const schema = ['spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties'];
  if (!definition.deleteIn([...schema, ...NEW_FIELD])) throw new Error(`there is no ${NEW_FIELD.join('.')}`);
  return definition.toString();
}

/** Whether the spec of the definition has a field: of what the API server has, not of what it publishes a moment later. */
export async function definitionHas(field: readonly string[]): Promise<boolean> {
  const path = `{.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.${field.join('.')}.type}`;
  const type = await kubectl.run(['get', 'crd', AUTH_CLUSTERS, '-o', `jsonpath=${path}`]);
  return type !== '';
}

/** Resolves once a pass that began after this call has come to what it corrects. */
export async function correction(): Promise<void> {
  const budget = () => kubectl.find(NAMESPACE, 'poddisruptionbudgets.policy', `${NAME}-api`);
  await kubectl.run(['delete', 'poddisruptionbudget', '-n', NAMESPACE, `${NAME}-api`]);
  await eventually(async () => {
    if ((await budget()) === undefined) throw new Error('the disruption budget of the auth API is not back');
  }, 120);
}
