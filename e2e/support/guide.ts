import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../dev/command.ts';
import { blocksUnder } from '../../dev/markdown.ts';
import { kubectl, NAME, NAMESPACE } from './cluster.ts';

const REPOSITORY = new URL('../../', import.meta.url).pathname;
const GUIDES = new URL('../../docs/how-to/', import.meta.url);

/** The fenced blocks of one language under a heading of a guide, as they are but for who they speak of. */
export async function guideBlocks(page: string, heading: string, language: 'sh' | 'yaml'): Promise<string[]> {
  return (await blocksAsWritten(page, heading, language)).map(ofTheseTests);
}

/** The same to the letter. */
export async function blocksAsWritten(page: string, heading: string, language: 'sh' | 'yaml'): Promise<string[]> {
  return blocksUnder(await readFile(new URL(page, GUIDES), 'utf8'), heading, language);
}

/** The guides speak of the AuthCluster demo in the namespace auth. */
function ofTheseTests(text: string): string {
  return text
    .replaceAll(/(?<=-n |metadata\.name: |-gateway\.)auth(?![-.\w])/g, NAMESPACE)
    .replaceAll(/\bdemo(?=-| |$)/gm, NAME);
}

/** Runs commands of a guide in a folder, the repository's unless another is named, with this cluster's context as the current one; resolves with what they print. */
export async function runGuide(commands: string, directory = REPOSITORY): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-guide-'));
  const environment = { KUBECONFIG: join(folder, 'config') };
  const config = await kubectl.run(['config', 'view', '--minify', '--flatten', '--raw']);
  await writeFile(environment.KUBECONFIG, config, { mode: 0o600 });
  return runCommand('bash', ['-euo', 'pipefail', '-c', commands], { directory, environment });
}
