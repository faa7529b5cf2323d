import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { JSONParser } from '@streamparser/json';
import { type Fields, isFields } from './conversion.ts';

/** The input cannot be read on. */
export class UnreadableExportError extends Error {
  override name = 'UnreadableExportError';
}

/** The users of a JSON document with a list of them, `{"users": [...]}`, however long it is. */
export async function* usersOfDocument(input: Readable): AsyncGenerator<Fields> {
  const found: Fields[] = [];
  const parser = new JSONParser({ paths: ['$.users.*'], keepStack: false });
  parser.onValue = ({ value }) => {
    if (isFields(value)) found.push(value);
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      parser.write(chunk);
      yield* found.splice(0);
    }
  } catch (error) {
    throw new UnreadableExportError('the export is no JSON', { cause: error });
  }
  if (!parser.isEnded) throw new UnreadableExportError('the export ends in the middle');
}

/** The users of lines of JSON. */
export async function* usersOfLines(input: Readable): AsyncGenerator<Fields> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() !== '') yield userOf(text, number);
  }
}

function userOf(text: string, number: number): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch (error) {
    throw new UnreadableExportError(`line ${number} is no JSON`, { cause: error });
  }
  throw new UnreadableExportError(`line ${number} is no user`);
}
