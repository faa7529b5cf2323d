/**
 * A MicroTime as Leases and Events want it: exactly six fractional digits. A plain Date's three are refused with 400,
 * and nobody is ever elected.
 */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
