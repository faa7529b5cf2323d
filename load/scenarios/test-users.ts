// The users of the load test, the same for k6 and for what makes them. Runs in both: no imports.

export interface TestUser {
  readonly username: string;
  readonly password: string;
  /** Where the user's requests come from, as a trusted proxy tells. */
  readonly address: string;
}

/**
 * User number `index`, from 0. Each has a network of its own (a /48 of the documentation prefix 2001:db8::/32, RFC
 * 3849), so that limits per network count people and not the load generator.
 * @param seed decides names and passwords; whoever knows it can log in as these users
 */
export function testUser(index: number, seed: string): TestUser {
  const network = (index & 0xffff).toString(16);
  const beyond = (index >>> 16).toString(16);
  return {
    username: `${usernamePrefix(seed)}${String(index).padStart(7, '0')}`,
    password: sharedPassword(seed),
    address: `2001:db8:${network}:${beyond}::1`,
  };
}

/** Another seed has users of its own, so that none is there with the password of another seed. */
export function usernamePrefix(seed: string): string {
  return `load-${word(`${seed}:name`)}-`;
}

/** One for all users of a seed: hashed once, they are imported at the very cost that the service hashes with. */
export function sharedPassword(seed: string): string {
  return ['a', 'b', 'c'].map((part) => word(`${seed}:${part}`)).join('-');
}

/** Seven base-36 digits of a 32-bit hash (FNV-1a, then mixed). */
function word(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0).toString(36).padStart(7, '0');
}
