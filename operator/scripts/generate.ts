/**
 * `npm run generate -w operator`: writes what is derived from crds/authclusters.yaml and from the operator's code. With
 * `--check`, writes nothing and fails if a file is not what would be written.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { clusterRules, operatorRules, rulesYaml } from '../src/kubernetes/rbac.ts';
import { OPERATOR_GROUP } from '../src/specs/monitoring/operator-alerts.ts';
import { dashboardFiles, operatorDashboard, ruleFile, scrapeFile } from '../src/specs/monitoring/prometheus-files.ts';
import { type Crd, readCrd } from './crd-schema.ts';
import { operatorPage } from './operator-page.ts';
import { referencePage } from './reference-page.ts';
import { typescriptTypes } from './typescript.ts';

/** Kubernetes reads YAML 1.1, where an unquoted Off is not a text. */
const YAML_OPTIONS = { aliasDuplicateObjects: false, lineWidth: 120, compat: 'yaml-1.1' } as const;

const ROOT = resolve(import.meta.dirname, '../..');
const CRD = 'crds/authclusters.yaml';

async function generatedFiles(crd: Crd): Promise<Map<string, string>> {
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error(`${CRD} has no version`);
  return new Map([
    ['operator/src/api/generated/authcluster.ts', await typescriptTypes(version.schema.openAPIV3Schema)],
    ['helm/authcluster-operator/files/rules.yaml', rulesYaml(operatorRules())],
    ['helm/authcluster-operator/files/cluster-rules.yaml', rulesYaml(clusterRules())],
    ['docs/reference/authcluster.md', referencePage(crd)],
    ['docs/reference/operator.md', await operatorPage()],
    ['manifests/monitoring/prometheus.yaml', monitoringFile(scrapeFile())],
    ['manifests/monitoring/rules.yaml', monitoringFile(ruleFile())],
    ...[...dashboardFiles()].map(([name, content]): [string, string] => [
      `manifests/monitoring/dashboards/${name}`,
      dashboardText(content),
    ]),
    ['helm/authcluster-operator/files/dashboard.json', dashboardText(operatorDashboard())],
    ['helm/authcluster-operator/files/alerts.yaml', monitoringFile({ groups: [OPERATOR_GROUP] })],
    [
      'helm/authcluster-operator/crds/authclusters.yaml',
      `# Generated from ${CRD} by \`npm run generate -w operator\`.\n${stringify(crd, YAML_OPTIONS)}`,
    ],
  ]);
}

function dashboardText(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function monitoringFile(content: object): string {
  const source = '# Generated from operator/src/specs/monitoring/ by `npm run generate -w operator`.';
  return `${source}\n${stringify(content, { aliasDuplicateObjects: false, lineWidth: 0 })}`;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of await generatedFiles(await readCrd(join(ROOT, CRD)))) {
  const file = join(ROOT, path);
  if ((await readFile(file, 'utf8').catch(() => '')) === content) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
if (check && stale.length > 0) {
  process.stderr.write(`not generated from ${CRD} as it is: ${stale.join(', ')}; run npm run generate -w operator\n`);
  process.exitCode = 1;
}
