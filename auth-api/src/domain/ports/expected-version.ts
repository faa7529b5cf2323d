/** Which versions of something may be changed: `any` that there is, or those that its reader knows. */
export type ExpectedVersion = 'any' | readonly number[];

export function isExpected(expected: ExpectedVersion, version: number): boolean {
  return expected === 'any' || expected.includes(version);
}
