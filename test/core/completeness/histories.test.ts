import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAYS_BEFORE, HistoryWorld, type Index, type Step } from './history-world.ts';

/** More of them, and others: `HISTORIES=200 HISTORY_SEED=7`. */
const RUNS = Number(process.env.HISTORIES ?? 12);
const SEED = Number(process.env.HISTORY_SEED ?? 20260310);

const target = fc.constantFrom('a' as const, 'b' as const);
const day = fc.integer({ min: -DAYS_BEFORE, max: 2 });
const recent = fc.integer({ min: -2, max: 1 });
const index: fc.Arbitrary<Index> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('items' as const), count: fc.integer({ min: 0, max: 8 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('items' as const),
      count: fc.integer({ min: 3, max: 6 }),
      odd: fc.constantFrom('pending' as const, 'abandoned' as const, 'void' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('none' as const, 'down' as const) }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('run' as const), days: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      days: fc.integer({ min: 0, max: 3 }),
      targets: fc.constantFrom(['a'] as const, ['b'] as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('index' as const), target, day: recent, index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('page' as const),
      target,
      day: recent,
      item: fc.integer({ min: 0, max: 5 }),
      page: fc.constantFrom('there' as const, 'gone' as const, 'changed' as const, 'twin' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('skip' as const, 'unskip' as const), target }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('accept' as const, 'reject' as const, 'rollback' as const),
      target,
      day,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('retry' as const, 'reparse' as const) }) },
);

/** Statuses of dates of which there is no commit, so that the view has no row of them. */
const WITHOUT_COMMIT = ['missing', 'open', 'upcoming'];

async function disagreements(world: HistoryWorld): Promise<string[]> {
  return [...(await world.words())].flatMap(([name, { view, completeness }]) => {
    const agree = view === undefined ? WITHOUT_COMMIT.includes(completeness) : view === completeness;
    return agree ? [] : [`${name}: ${view} in SQL, ${completeness} in completeness`];
  });
}

it('SQL and code say the same of every partition, whatever happened to it', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14, size: 'max' }), async (steps) => {
      const world = await HistoryWorld.start('2026-07-14');
      try {
        for (const [at, each] of steps.entries()) {
          await world.do(each);
          const isLooked = each.do === 'run' || each.do === 'retry' || at === steps.length - 1;
          if (isLooked) expect(await disagreements(world)).toEqual([]);
        }
        for (const { completeness } of (await world.words()).values()) seen.add(completeness);
      } finally {
        await world.close();
      }
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: false },
  );
  console.log([...seen]);
}, 600_000);
