import { readFile } from 'node:fs/promises';
import { runCommand } from '../command.ts';

/** Every file of the repository that a shell runs: by its ending or by its first line. */
export async function shellScripts(): Promise<string[]> {
  const files = (await runCommand('git', ['ls-files'])).trim().split('\n');
  const scripts = await Promise.all(files.map(async (file) => ((await isShellScript(file)) ? [file] : [])));
  return scripts.flat();
}

async function isShellScript(file: string): Promise<boolean> {
  if (file.endsWith('.sh')) return true;
  if (/\.[a-z0-9]+$/i.test(file)) return false;
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^#!.*\b(ba)?sh\b/.test(text);
}
