import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { computeHash, matches } from './compute.ts';
import { parseStoredHash, type StoredHash } from './formats/stored-hash.ts';
import { type HashPolicy, maxPasswordBytes } from './policy.ts';

export type Verification = { kind: 'matched'; upgradedHash?: string } | { kind: 'mismatched' };

export interface VerificationRequest {
  /** Normalised. */
  readonly password: string;
  /** Undefined for an account that does not exist. */
  readonly storedHash: string | undefined;
  /** False where a match will be refused all the same (locked, disabled), so that it must take no longer. */
  readonly upgrade: boolean;
}

/** What takes time in a verification, and the clock that measures it. */
export interface VerificationWork {
  matches(password: string, stored: StoredHash): boolean;
  /** Uses CPU in steps of well under a tenth of a millisecond. */
  burn(steps: number): void;
  /** Precise; never goes back. */
  nowMs(): number;
}

/** Whether a hash is at least as strong as what the policy would make today. */
function meetsPolicy(stored: StoredHash, policy: HashPolicy): boolean {
  if (stored.family === 'bcrypt') return policy.algorithm === 'bcrypt' && stored.cost >= policy.cost;
  if (stored.family !== 'argon2id' || policy.algorithm !== 'argon2id') return false;
  const work = stored.memoryKib * stored.passes;
  return stored.memoryKib >= policy.memoryKib && work >= policy.memoryKib * policy.passes;
}

/**
 * Verifies passwords so that the time tells nothing about the account: whatever is refused costs one hash of the
 * current policy, be the account unknown, its hash current, weaker, or of another algorithm. (A stored hash that is
 * dearer than the policy takes what it takes.) Blocks its thread: make one in each worker.
 */
export class EqualTimeVerification {
  readonly #policy: HashPolicy;
  readonly #work: VerificationWork;
  readonly #dummy: StoredHash;
  /** One hash of the policy in this thread. */
  readonly #unitMs: RunningMedian;
  /** One step of filling up what a weaker hash leaves of a unit. */
  readonly #stepMs: RunningMedian;

  constructor(policy: HashPolicy, work: VerificationWork = realWork) {
    this.#policy = policy;
    this.#work = work;
    this.#dummy = dummyHash(policy);
    this.#unitMs = new RunningMedian(this.#shortest(3, () => work.matches('', this.#dummy)));
    this.#stepMs = new RunningMedian(this.#shortest(10, () => work.burn(calibrationSteps)) / calibrationSteps);
  }

  verify(request: VerificationRequest): Verification {
    const stored = request.storedHash === undefined ? undefined : parseStoredHash(request.storedHash);
    if (stored === undefined) {
      this.#compareWithCurrent(request.password, this.#dummy);
      return { kind: 'mismatched' };
    }
    if (!meetsPolicy(stored, this.#policy)) return this.#verifyOutdated(request, stored);
    return this.#compareWithCurrent(request.password, stored) ? { kind: 'matched' } : { kind: 'mismatched' };
  }

  #compareWithCurrent(password: string, stored: StoredHash): boolean {
    let matched = false;
    this.#unitMs.follow(
      this.#time(() => {
        matched = this.#work.matches(password, stored);
      }),
    );
    return matched;
  }

  #verifyOutdated({ password, upgrade }: VerificationRequest, stored: StoredHash): Verification {
    let matched = false;
    const spentMs = this.#time(() => {
      matched = this.#work.matches(password, stored);
    });
    const hashable = Buffer.byteLength(password, 'utf8') <= maxPasswordBytes(this.#policy);
    if (matched && upgrade && hashable) {
      return { kind: 'matched', upgradedHash: computeHash(password, this.#policy) };
    }
    if (stored.family === 'md5') this.#compareWithCurrent(password, this.#dummy);
    else this.#fillUp(this.#unitMs.value - spentMs);
    return { kind: matched ? 'matched' : 'mismatched' };
  }

  /** By a number of steps and not by the clock, so that a busy machine slows it as it slows a hash. */
  #fillUp(missingMs: number): void {
    const steps = Math.round(missingMs / this.#stepMs.value);
    if (steps > 0) this.#stepMs.follow(this.#time(() => this.#work.burn(steps)) / steps);
  }

  /** The shortest of several runs is the one that other work on the machine disturbed least. */
  #shortest(runs: number, work: () => unknown): number {
    return Math.min(...Array.from({ length: runs }, () => this.#time(work)));
  }

  #time(work: () => unknown): number {
    const startedMs = this.#work.nowMs();
    work();
    return this.#work.nowMs() - startedMs;
  }
}

/** Follows the median of samples: a mean would follow the few that other work on the machine has slowed. */
class RunningMedian {
  value: number;

  constructor(first: number) {
    this.value = first;
  }

  follow(sample: number): void {
    this.value *= sample > this.value ? 1.01 : 0.99;
  }
}

/** A hash by the policy that no password has. */
function dummyHash(policy: HashPolicy): StoredHash {
  const dummy = parseStoredHash(computeHash(randomBytes(32).toString('base64'), policy));
  if (dummy === undefined) throw new Error('the hash policy makes hashes that cannot be verified');
  return dummy;
}

const calibrationSteps = 64;

const realWork: VerificationWork = {
  matches,
  burn: (steps) => {
    for (let step = 0; step < steps; step += 1) pbkdf2Sync('', '', 200, 32, 'sha256');
  },
  nowMs: () => performance.now(),
};
