import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The files `username` and `password` of a mounted Secret, both of one version of it. */
export function readCredentials(directory: string): { user: string; password: string } {
  try {
    return readVersion(presentVersion(directory));
  } catch (error) {
    // It may have been replaced, and removed, just now; what is really missing is missing again.
    if (!isMissing(error)) throw error;
    return readVersion(presentVersion(directory));
  }
}

function readVersion(directory: string): { user: string; password: string } {
  const read = (file: string) => readFileSync(join(directory, file), 'utf8').trim();
  return { user: read('username'), password: read('password') };
}

/** The kubelet replaces all files at one go, by pointing the link `..data` at another directory. */
function presentVersion(directory: string): string {
  try {
    return realpathSync(join(directory, '..data'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    return directory;
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
