import { hash } from 'node:crypto';

/** SHA-256 (hex) of a JSON value, independent of the order of object keys. Undefined counts as null. */
export function stableHash(value: unknown): string {
  return hash('sha256', canonicalJson(value) ?? 'null');
}

/** The same of a value whose keys always come in the same order, as those of what one builder makes; faster. */
export function orderedHash(value: unknown): string {
  return hash('sha256', JSON.stringify(value) ?? 'null');
}

/** JSON with the keys of objects in order; undefined for what JSON leaves out. Half of a pass, were it a replacer. */
function canonicalJson(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const [key, inner] of Object.entries(value).sort(byKey)) {
    const json = canonicalJson(inner);
    if (json !== undefined) members.push(`${JSON.stringify(key)}:${json}`);
  }
  return `{${members.join(',')}}`;
}

function byKey([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}
