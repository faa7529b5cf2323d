import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleRun } from '../testing/sample-run.ts';
import { readResult } from './result-file.ts';

let file: string;
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'authcluster-result-')), 'result.json');
});
afterAll(() => rm(join(file, '..'), { recursive: true }));

test('a result is read as it was written', async () => {
  await writeFile(file, JSON.stringify(sampleRun()));
  expect(await readResult(file)).toEqual(sampleRun());
});

test.each(['login 5 requests', 'null', '[]', '{}', '{"version":1}', '{"version":2,"scenario":{},"endpoints":{}}'])(
  '%s is refused by the name of its file',
  async (text) => {
    await writeFile(file, text);
    await expect(readResult(file)).rejects.toThrow(`${file} is no result of a run`);
  },
);
