import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatheredReads } from './gathered-reads.ts';

const ids = ['a', 'b', 'c'] as const;

type Action =
  | { kind: 'find'; id: (typeof ids)[number] }
  | { kind: 'change'; id: (typeof ids)[number] }
  | { kind: 'progress'; steps: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('find' as const), id: fc.constantFrom(...ids) }),
  fc.record({ kind: fc.constant('change' as const), id: fc.constantFrom(...ids) }),
  fc.record({ kind: fc.constant('progress' as const), steps: fc.integer({ min: 1, max: 4 }) }),
);

/** A row counts its changes. */
test('whoever asks learns what there was when they asked, or later, in bounded reads, few at once', async () => {
  const plays = fc.asyncProperty(
    fc.scheduler(),
    fc.array(action, { minLength: 5, maxLength: 60 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.infiniteStream(fc.nat(5).map((chance) => chance === 0)),
    async (scheduler, actions, maxIds, maxReads, failures) => {
      const rows: Record<string, number> = { a: 0, b: 0, c: 0 };
      let underWay = 0;
      const read = async (asked: readonly string[]) => {
        underWay += 1;
        expect([asked.length <= maxIds, underWay <= maxReads]).toEqual([true, true]);
        try {
          await scheduler.schedule(Promise.resolve(), 'the statement takes effect');
          const found = new Map(asked.map((id) => [id, rows[id] ?? 0]));
          await scheduler.schedule(Promise.resolve(), 'the statement is answered');
          if (failures.next().value === true) throw new RangeError('down');
          return found;
        } finally {
          underWay -= 1;
        }
      };
      const reads = new GatheredReads<number>({ read, maxIds, maxReads, patienceMs: 2 ** 30 });
      const find = async (id: string) => {
        const least = rows[id];
        const found = await reads.find(id).catch((error: unknown) => {
          expect(error).toBeInstanceOf(RangeError);
          return least;
        });
        expect(found).toBeGreaterThanOrEqual(least ?? 0);
      };
      const finding: Promise<void>[] = [];
      for (const each of actions) {
        if (each.kind === 'find') finding.push(find(each.id));
        else if (each.kind === 'change') rows[each.id] = (rows[each.id] ?? 0) + 1;
        else for (let step = 0; step < each.steps && scheduler.count() > 0; step += 1) await scheduler.waitOne();
      }
      await scheduler.waitFor(Promise.all(finding));
    },
  );
  await fc.assert(plays, { seed: Number(process.env.FAST_CHECK_SEED ?? 1), numRuns: 300 });
});
