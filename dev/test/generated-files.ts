import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { runCommand } from '../command.ts';
import { runMake } from '../kubernetes/target.ts';
import { failure, type Outcome } from './outcome.ts';

/** Generates everything that is generated, and fails if that changed a file: then what is committed was not current. */
export async function generatedFilesAreCurrent(): Promise<Outcome> {
  const before = await contentHashes();
  await runMake('generate');
  const after = await contentHashes();
  const changed = [...after].filter(([file, hash]) => before.get(file) !== hash).map(([file]) => file);
  if (changed.length === 0) return { passed: 1, failed: 0, skipped: 0, notes: [] };
  return failure(`were not current and are now; commit them: ${changed.join(', ')}`);
}

/** By path, of every file that is or could be committed. */
async function contentHashes(): Promise<Map<string, string>> {
  const listing = await runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  const files = listing.trim().split('\n');
  const hashes = await Promise.all(
    files.map(async (file): Promise<[string, string]> => {
      // A file that git lists may have been deleted since.
      const content = await readFile(file).catch(() => '');
      return [file, createHash('sha256').update(content).digest('hex')];
    }),
  );
  return new Map(hashes);
}
