/** What new password hashes are made with. */
export type HashPolicy =
  | { readonly algorithm: 'bcrypt'; readonly cost: number }
  | {
      readonly algorithm: 'argon2id';
      readonly memoryKib: number;
      readonly passes: number;
      readonly parallelism: number;
    };

const lowestBcryptCost = 4;
const lowestArgon2Cost = 11;
const highestCost = 16;

/**
 * The policy that HASH_ALGORITHM and HASH_COST name. One more cost doubles the work of either algorithm:
 * bcrypt makes 2^cost rounds (4..16); argon2id stays at 19 MiB and one lane and makes 2^(cost - 10) passes (11..16),
 * so that 11 is the recommended minimum of 19 MiB and two passes.
 * @throws RangeError for a cost outside of those bounds
 */
export function hashPolicy(algorithm: 'bcrypt' | 'argon2id', cost: number): HashPolicy {
  const lowest = algorithm === 'bcrypt' ? lowestBcryptCost : lowestArgon2Cost;
  if (!Number.isInteger(cost) || cost < lowest || cost > highestCost) {
    throw new RangeError(`the cost of ${algorithm} must be an integer from ${lowest} to ${highestCost}, not ${cost}`);
  }
  if (algorithm === 'bcrypt') return { algorithm, cost };
  return { algorithm, memoryKib: 19 * 1024, passes: 2 ** (cost - 10), parallelism: 1 };
}

/** bcrypt reads no more than this of a password: a longer one would share its hash with every other of that prefix. */
export const bcryptMaxPasswordBytes = 72;

/** The longest password that a policy can hash, in bytes of UTF-8; the rest of the limits are in password-rules.ts. */
export function maxPasswordBytes(policy: HashPolicy): number {
  return policy.algorithm === 'bcrypt' ? bcryptMaxPasswordBytes : 1024;
}
