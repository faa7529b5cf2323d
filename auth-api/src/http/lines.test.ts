import { expect, test } from '@jest/globals';
import { readLines } from './lines.ts';

async function linesOf(chunks: (string | Buffer)[], maxBytes = 16) {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: unknown[] = [];
  for await (const { number, bytes } of readLines(source(), maxBytes)) lines.push([number, bytes?.toString()]);
  return lines;
}

test.each([
  ['several in a chunk', ['a\nb\nc\n'], ['a', 'b', 'c']],
  ['one in several chunks, a character in two', [Buffer.from([0xc3]), Buffer.from([0xa9]), '\nb'], ['é', 'b']],
  ['a last one without its end', ['a\nb'], ['a', 'b']],
  ['carriage returns, in a chunk of their own too', ['a\r\nb\r', '\nc'], ['a', 'b', 'c']],
  ['empty ones', ['\n\r\na\n'], ['', '', 'a']],
  ['a byte order mark, once', ['\uFEFFa\n\uFEFFb'], ['a', '\uFEFFb']],
  ['nothing', [], []],
])('%s', async (_, chunks, lines) => {
  expect(await linesOf(chunks)).toEqual(lines.map((text, index) => [index + 1, text]));
});

test('of a line that is too long nothing is kept, and the next one is read', async () => {
  const chunks = ['a\n', ...Array.from({ length: 1000 }, () => 'x'.repeat(1000)), '\nb\n', 'y'.repeat(16), '\n'];
  expect(await linesOf(chunks)).toEqual([
    [1, 'a'],
    [2, undefined],
    [3, 'b'],
    [4, 'y'.repeat(16)],
  ]);
});
