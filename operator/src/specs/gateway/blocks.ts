/** A block of nginx's configuration; lines of blocks inside it are indented. */
export function block(head: string, lines: readonly string[]): string {
  const inner = lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`.trimEnd());
  return `${head} {\n${inner.join('\n')}\n}`;
}
