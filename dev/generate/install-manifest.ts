import { readdir, readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { runCommand } from '../command.ts';
import { operatorNamespace } from '../kubernetes/operator-release.ts';

const RELEASE = 'authcluster-operator';

/** The chart with its default values as one file for `kubectl apply`: namespace, CRDs, then everything else. */
export async function installManifest(chart: string): Promise<string> {
  const namespace = operatorNamespace();
  const definitions = await Promise.all(
    (await readdir(`${chart}/crds`)).sort().map((file) => readFile(`${chart}/crds/${file}`, 'utf8')),
  );
  const rendered = await runCommand('helm', [
    ...['template', RELEASE, chart, '--namespace', namespace.metadata.name],
    ...['--skip-tests', '--skip-crds', '--no-hooks'],
  ]);
  const documents = [stringify(namespace), ...definitions, rendered].map(withoutMarkers);
  return `# Generated from helm/authcluster-operator by \`make generate\`.\n---\n${documents.join('\n---\n')}\n`;
}

/** Without the document marker at either end, and without spaces at the ends of lines. */
function withoutMarkers(document: string): string {
  return document
    .replace(/[ \t]+$/gm, '')
    .replace(/^---\n/, '')
    .replace(/\n{2,}(?=---)/g, '\n')
    .trim();
}
