/** A line without its end, and its number, from 1 on. */
export interface Line {
  readonly number: number;
  /** Undefined where it is longer than lines may be. */
  readonly bytes: Buffer | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Splits bytes at line feeds, with or without a carriage return before them. A byte order mark before the first line is
 * left out; the last line may lack its end. Of a line that is too long nothing is kept.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  const pending = new PendingLine(maxBytes);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      pending.append(chunk.subarray(start, end));
      yield pending.take();
      start = end + 1;
    }
    pending.append(chunk.subarray(start));
  }
  if (!pending.isEmpty) yield pending.take();
}

class PendingLine {
  readonly #maxBytes: number;
  #number = 1;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  append(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  take(): Line {
    const bytes = this.#length <= this.#maxBytes ? this.#content() : undefined;
    const line = { number: this.#number, bytes };
    this.#number += 1;
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #content(): Buffer {
    const [only] = this.#parts;
    const whole = only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts);
    const isMarked = this.#number === 1 && whole.subarray(0, 3).equals(byteOrderMark);
    const end = whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length;
    return whole.subarray(isMarked ? 3 : 0, end);
  }
}
