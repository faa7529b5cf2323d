import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULT_CALIBRATION } from './calibration.ts';
import { readCalibration } from './calibration-file.ts';

test('a calibration is read from its file, and one that is none is refused by its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-calibration-'));
  const file = join(folder, 'calibration.json');
  try {
    await writeFile(file, '{"hashing": {"bcryptMs": 98}}');
    expect((await readCalibration(file)).hashing.bcryptMs).toBe(98);
    await writeFile(file, '# bcrypt 98');
    await expect(readCalibration(file)).rejects.toThrow(RangeError);
    await expect(readCalibration(file)).rejects.toThrow(`${file} is no calibration`);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await readCalibration(undefined)).toBe(DEFAULT_CALIBRATION);
});
