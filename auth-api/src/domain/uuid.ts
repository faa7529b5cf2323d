import { randomUUID } from 'node:crypto';

export const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A UUID of version 7 (RFC 9562 section 5.7): ids made later sort later, so that inserts stay at one end of an index.
 * @param random of version 4, which has its random bits in the same places, and of which Node.js keeps some ready
 */
export function uuidV7(nowMs: number, random: string = randomUUID()): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
