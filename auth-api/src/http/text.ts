/** JSON can write what is no text: NUL, which PostgreSQL does not store, and half of a surrogate pair (RFC 7493 section 2.1). */
export function isText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}
