import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

interface LockFile {
  packages: Record<string, { link?: boolean; integrity?: string }>;
}

// npm writes none for the packages of other platforms where it has only ever installed its own, and takes them
// unchecked later.
test('every package of package-lock.json is held to a checksum', async () => {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as LockFile;
  const fromRegistry = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
  const unchecked = fromRegistry.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path);
  expect(unchecked).toEqual([]);
});
