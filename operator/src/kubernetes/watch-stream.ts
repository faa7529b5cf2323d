export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: { metadata: { resourceVersion: string } } }
  | { type: 'ERROR'; object: { code?: number; message?: string } };

/** One JSON document a line, as the API server streams a watch. Lines may be split anywhere between chunks. */
export async function* readWatchEvents<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent<T>> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let end = rest.indexOf(0x0a);
    while (end >= 0) {
      const line = rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') yield JSON.parse(line) as WatchEvent<T>;
      end = rest.indexOf(0x0a);
    }
  }
}
