/** How long an account refuses every password after wrong ones in a row. */
export interface LockoutPolicy {
  /** Failures in a row that lock for the first time; each one after the lock ends locks for twice as long. */
  readonly threshold: number;
  readonly firstLockSeconds: number;
  readonly longestLockSeconds: number;
  /** Failures are forgotten after this long without another; longer than the longest lock. */
  readonly memorySeconds: number;
}

/** Ten tries, then half a minute, a minute, … up to a quarter of an hour; a day without failures forgets them. */
export const defaultLockoutPolicy: LockoutPolicy = {
  threshold: 10,
  firstLockSeconds: 30,
  longestLockSeconds: 900,
  memorySeconds: 86_400,
};

/** How long an account is locked at its nth failure in a row, in milliseconds; 0 below the threshold. */
export function lockMs(policy: LockoutPolicy, failures: number): number {
  if (failures < policy.threshold) return 0;
  const doublings = Math.min(failures - policy.threshold, 30);
  return Math.min(policy.firstLockSeconds * 2 ** doublings, policy.longestLockSeconds) * 1000;
}

/** @throws RangeError when a policy would never lock or never unlock */
export function checkLockoutPolicy(policy: LockoutPolicy): void {
  const { threshold, firstLockSeconds, longestLockSeconds, memorySeconds } = policy;
  if (!Number.isInteger(threshold) || threshold < 1)
    throw new RangeError(`threshold must be 1 or more, not ${threshold}`);
  if (!(firstLockSeconds > 0)) throw new RangeError(`firstLockSeconds must be above 0, not ${firstLockSeconds}`);
  if (!(longestLockSeconds >= firstLockSeconds)) {
    throw new RangeError(`longestLockSeconds must be firstLockSeconds or more, not ${longestLockSeconds}`);
  }
  if (!(memorySeconds > longestLockSeconds)) {
    throw new RangeError(`memorySeconds must be above longestLockSeconds, not ${memorySeconds}`);
  }
}
