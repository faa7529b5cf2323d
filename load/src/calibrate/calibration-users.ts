import { type TestUser, testUser } from '../../scenarios/test-users.ts';
import type { Hashing } from '../plan/calibration.ts';

/**
 * Whose users have passwords that are hashed like this. Others may be there with another hash, which each first login would
 * make anew, and what that costs be taken for a login's.
 */
export function seedFor({ algorithm, cost }: Hashing): string {
  return `${algorithm}-${cost}`;
}

export function usersFor(hashing: Hashing, count: number): TestUser[] {
  return Array.from({ length: count }, (_, index) => testUser(index, seedFor(hashing)));
}
