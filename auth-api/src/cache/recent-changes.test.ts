import { expect, test } from '@jest/globals';
import { RecentChanges } from './recent-changes.ts';

test('an id is unchanged since a moment as long as it was not noted after that', () => {
  const changes = new RecentChanges();
  const before = changes.now();
  changes.note('a');
  const between = changes.now();
  changes.note('b');
  const unchanged = (id: string) => [before, between, changes.now()].map((each) => changes.isUnchangedSince(id, each));
  expect(unchanged('a')).toEqual([false, true, true]);
  expect(unchanged('b')).toEqual([false, false, true]);
  expect(unchanged('c')).toEqual([true, true, true]);
});

test('a change of all is one of each', () => {
  const changes = new RecentChanges();
  changes.note('a');
  const before = changes.now();
  changes.noteAll();
  expect(changes.isUnchangedSince('b', before)).toBe(false);
  expect(changes.isUnchangedSince('a', changes.now())).toBe(true);
});

test('what there was no room to remember counts as changed', () => {
  const changes = new RecentChanges(2);
  const before = changes.now();
  changes.note('a');
  changes.note('b');
  const afterBoth = changes.now();
  changes.note('c');
  expect(changes.isUnchangedSince('d', before)).toBe(false);
  expect(changes.isUnchangedSince('d', afterBoth)).toBe(true);
});
