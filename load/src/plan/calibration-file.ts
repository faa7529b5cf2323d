import { readFile } from 'node:fs/promises';
import { type Calibration, DEFAULT_CALIBRATION, parseCalibration } from './calibration.ts';

/**
 * What a file says that things cost; the defaults where none is given.
 * @throws RangeError naming the file that is no JSON, or the field that is wrong
 */
export async function readCalibration(file: string | undefined): Promise<Calibration> {
  return file === undefined ? DEFAULT_CALIBRATION : parseCalibration(jsonOf(file, await readFile(file, 'utf8')));
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(`${file} is no calibration: ${error instanceof Error ? error.message : String(error)}`);
  }
}
