/** A position in PostgreSQL's write-ahead log. */
export type Lsn = bigint;

/** Where it is not known what a replica must have replayed: none has replayed this, so that the primary answers. */
export const beyondReplicas: Lsn = 0xffff_ffff_ffff_ffffn;

/** Reads pg_lsn's text form, as `16/B374D848`. @throws SyntaxError for anything else */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) throw new SyntaxError(`not an LSN: ${text}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase();
}

export function laterLsn(one: Lsn, other: Lsn): Lsn {
  return one > other ? one : other;
}

/** For Lua, which has no 64-bit integers: padded text compares as the numbers do. */
export function sortableLsn(lsn: Lsn): string {
  return formatLsn(lsn)
    .split('/')
    .map((half) => half.padStart(8, '0'))
    .join('/');
}
