import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CommandError, runCommand } from './command.ts';
import { type DocumentedBlock, documentedBlocks } from './markdown.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** Folders of this tree that commands name files of. */
const OWN_FILE = /(?<![\w./~-])(?:helm|manifests|crds|dev|docs|load|images)\/[\w./-]*[\w-]/g;

async function blocks(): Promise<DocumentedBlock[]> {
  return (await documentedBlocks()).filter(({ language }) => language === 'sh');
}

/** What of these commands cannot work as written, whatever cluster they are for. */
async function faults({ text }: DocumentedBlock, targets: ReadonlySet<string>): Promise<string[]> {
  const isMissing = (file: string) => !existsSync(path.join(ROOT, file));
  const asked = [...text.matchAll(/^make ((?:[a-z-]+ )*[a-z-]+)/gm)].flatMap(([, names = '']) => names.split(' '));
  return [
    ...(await faultsOfSyntax(text)),
    ...asked.filter((target) => !targets.has(target)).map((target) => `there is no make ${target}`),
    ...(text.match(OWN_FILE) ?? []).filter(isMissing).map((file) => `there is no ${file}`),
    ...(await missingScripts(text)),
  ];
}

async function faultsOfSyntax(text: string): Promise<string[]> {
  try {
    await runCommand('bash', ['-n'], { input: text });
    return [];
  } catch (error) {
    if (error instanceof CommandError) return [error.stderr.trim()];
    throw error;
  }
}

async function makeTargets(): Promise<Set<string>> {
  const files = ['Makefile', 'dev/node.mk', 'load/load.mk'].map((file) => readFile(path.join(ROOT, file), 'utf8'));
  const text = (await Promise.all(files)).join('\n');
  return new Set([...text.matchAll(/^([a-z0-9-]+):/gm)].map(([, name = '']) => name));
}

async function missingScripts(text: string): Promise<string[]> {
  const asked = [...text.matchAll(/^npm run (?:--silent )?([\w:-]+)((?: -w [\w/-]+)*)/gm)];
  const missing = asked.map(async ([command, script = '', workspaces = '']) => {
    const folders = [...workspaces.matchAll(/-w (\S+)/g)].map(([, folder = '']) => folder);
    const has = await Promise.all((folders.length === 0 ? ['.'] : folders).map((folder) => hasScript(folder, script)));
    return has.every(Boolean) ? [] : [`there is no script for: ${command}`];
  });
  return (await Promise.all(missing)).flat();
}

async function hasScript(folder: string, script: string): Promise<boolean> {
  const file = path.join(ROOT, folder, 'package.json');
  return existsSync(file) && script in (JSON.parse(await readFile(file, 'utf8')).scripts ?? {});
}

describe('the commands of the documentation', () => {
  test('are valid shell, and name make targets, npm scripts and files that are there', async () => {
    const targets = await makeTargets();
    const all = await blocks();
    const wrong = await Promise.all(
      all.map(async (block) => (await faults(block, targets)).map((fault) => `${block.page}: ${fault}`)),
    );
    expect(wrong.flat()).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });
});
