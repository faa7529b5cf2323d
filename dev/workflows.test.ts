import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const WORKFLOWS = '.github/workflows';

/** A tag can be moved by whoever takes over an action's repository: only a commit stays what was looked at. */
test('every action is named by its commit, with the release as a comment', async () => {
  const texts = await Promise.all((await readdir(WORKFLOWS)).map((file) => readFile(`${WORKFLOWS}/${file}`, 'utf8')));
  const uses = texts.flatMap((text) => text.split('\n')).filter((line) => /\buses:/.test(line));
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+$/.test(line))).toEqual([]);
});
