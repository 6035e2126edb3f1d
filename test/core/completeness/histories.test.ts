import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAYS_BEFORE, HistoryWorld, type Index, type Step } from './history-world.ts';

/** More of them, and others: `HISTORIES=200 HISTORY_SEED=7`. */
const RUNS = Number(process.env.HISTORIES ?? 6);
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

/** What happens to few histories by chance, and what once was called by two names. */
const STORIES: readonly (readonly Step[])[] = [
  // Held, and then the next refresh failed; and a person decides at last.
  [
    { do: 'index', target: 'a', day: -1, index: { kind: 'none' } },
    { do: 'run', days: 2 },
    { do: 'index', target: 'a', day: -1, index: { kind: 'down' } },
    { do: 'run', days: 2 },
    { do: 'run', days: 2 },
    { do: 'reject', target: 'a', day: -1 },
    { do: 'index', target: 'a', day: -1, index: { kind: 'none' } },
    { do: 'run', days: 2 },
    { do: 'accept', target: 'a', day: -1 },
  ],
  // Skipped, and run for the other target alone; then both again.
  [
    { do: 'skip', target: 'b' },
    { do: 'run', days: 2 },
    { do: 'unskip', target: 'b' },
    { do: 'run', days: 3, targets: ['a'] },
    { do: 'run', days: 1 },
  ],
  // Half an hour before midnight in UTC it is the next day in London's summer.
  [
    { do: 'wait', hours: 22 },
    { do: 'run', days: 1 },
    { do: 'wait', hours: 4 },
    { do: 'run', days: 1 },
  ],
  // An improbable day, one that was empty before it was over, and one page under two names.
  [
    { do: 'index', target: 'a', day: -1, index: { kind: 'items', count: 8 } },
    { do: 'index', target: 'b', day: 0, index: { kind: 'none' } },
    { do: 'index', target: 'a', day: 1, index: { kind: 'items', count: 0 } },
    { do: 'page', target: 'b', day: -1, item: 1, page: 'twin' },
    { do: 'run', days: 2 },
    { do: 'wait', hours: 26 },
    { do: 'index', target: 'a', day: 1, index: { kind: 'items', count: 1 } },
    { do: 'run', days: 0 },
    { do: 'wait', hours: 24 },
    { do: 'run', days: 1 },
  ],
  // Where some days are empty, one more is no wonder.
  [
    { do: 'index', target: 'b', day: 0, index: { kind: 'none' } },
    { do: 'index', target: 'b', day: 1, index: { kind: 'none' } },
    { do: 'index', target: 'b', day: 2, index: { kind: 'none' } },
    { do: 'wait', hours: 72 },
    { do: 'run', days: 3, targets: ['b'] },
    { do: 'accept', target: 'b', day: 0 },
    { do: 'run', days: 3, targets: ['b'] },
  ],
  // An index that was down and is read again by a retry, and items that come to nothing.
  [
    { do: 'index', target: 'a', day: 0, index: { kind: 'down' } },
    { do: 'page', target: 'b', day: -1, item: 0, page: 'changed' },
    { do: 'run', days: 1 },
    { do: 'index', target: 'a', day: 0, index: { kind: 'items', count: 4, odd: 'pending' } },
    { do: 'wait', hours: 30 },
    { do: 'retry' },
    { do: 'wait', hours: 40 },
    { do: 'reparse' },
    { do: 'rollback', target: 'b', day: -1 },
  ],
];

async function disagreements(world: HistoryWorld, isLast: boolean, seen: Set<string>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, words] of await world.words(isLast)) {
    const { view, completeness, ...others } = words;
    seen.add(completeness);
    const isInView = view === undefined ? WITHOUT_COMMIT.includes(completeness) : view === completeness;
    const isSame = Object.values(others).every((word) => word === completeness);
    if (!isInView || !isSame) found.push(`${name}: ${JSON.stringify(words)}`);
  }
  return found;
}

async function play(steps: readonly Step[], seen: Set<string>): Promise<void> {
  const world = await HistoryWorld.start('2026-07-14');
  try {
    for (const [at, step] of steps.entries()) {
      await world.do(step);
      const isLast = at === steps.length - 1;
      if (isLast || step.do === 'run' || step.do === 'retry')
        expect(await disagreements(world, isLast, seen), `after step ${at + 1}, ${step.do}`).toEqual([]);
    }
  } finally {
    await world.close();
  }
}

describe('the view, completeness, why and the report say the same of every partition', () => {
  it('of histories that meet every status', async () => {
    const seen = new Set<string>();
    for (const steps of STORIES) await play(steps, seen);
    expect([...seen].sort()).toEqual([
      ...['complete', 'empty', 'held', 'incomplete', 'missing', 'open', 'stale', 'suspicious'],
    ]);
  });

  it('of any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }), (steps) =>
        play(steps, new Set()),
      ),
      { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 500_000 },
    );
  }, 600_000);
});
