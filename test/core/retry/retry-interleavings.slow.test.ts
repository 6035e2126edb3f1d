import fc from 'fast-check';
import { describe, it } from 'vitest';
import { workQueueContract } from '../../contracts/work-queue.contract.ts';
import { QueueModel } from '../../e2e/support/queue-model.ts';
import { checkHealed, checkStep, Memory } from '../../e2e/support/retry-claims.ts';
import { type Deed, RetryWorld, type Step } from '../../e2e/support/retry-world.ts';
import { ALL_PAGES, ANSWERS, type Answer, TARGETS } from '../../e2e/support/versioned-site.ts';
import { ManualClock } from '../fetch/manual-clock.ts';

/** `RETRY_RUNS=500 RETRY_SEED=$RANDOM npm run test:slow -- retry-interleavings` looks further. */
const RUNS = Number(process.env.RETRY_RUNS ?? 32);
const SEED = Number(process.env.RETRY_SEED ?? 20261122);

const pick = fc.nat({ max: 5 });
const target = fc.constantFrom(...TARGETS);
const run: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant('run' as const),
  targets: fc.oneof(
    { weight: 1, arbitrary: fc.constant([...TARGETS]) },
    { weight: 5, arbitrary: fc.constant([TARGETS[0]]) },
  ),
  days: fc.constantFrom(1 as const, 1 as const, 1 as const, 2 as const),
});
const deliver: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant('deliver' as const),
  pick,
  wait: fc.constantFrom(true, true, true, false),
});
const retry: fc.Arbitrary<Deed> = fc.record({ kind: fc.constant('retry' as const), pick });
const redrive: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant('redrive' as const),
  pick,
  ours: fc.boolean(),
});
const ask: fc.Arbitrary<Deed> = fc.record({ kind: fc.constant('ask' as const), pick });
const purge: fc.Arbitrary<Deed> = fc.record({ kind: fc.constant('purge' as const), pick });
const again: fc.Arbitrary<Deed> = fc.record({ kind: fc.constant('reparse' as const), target });
const deed = fc.oneof(
  { weight: 3, arbitrary: run },
  { weight: 12, arbitrary: deliver },
  { weight: 2, arbitrary: retry },
  { weight: 1, arbitrary: ask },
  { weight: 2, arbitrary: redrive },
  { weight: 1, arbitrary: again },
  { weight: 1, arbitrary: purge },
);
const trouble = fc.option(
  fc.record({
    kind: fc.constantFrom('crash' as const, 'crash' as const, 'fault' as const),
    at: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 90 })),
  }),
  { nil: undefined, freq: 2 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('alone' as const), deed, trouble }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      deeds: fc.tuple(deed, deed),
      lag: fc.nat({ max: 20 }),
      trouble,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('redeliver' as const), pick: fc.nat({ max: 20 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      minutes: fc.constantFrom(1, 10, 16, 46, 180, 1440),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lift' as const), target }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'mend' }) },
);

const FIRST_RUN = { kind: 'run', targets: [TARGETS[0]], days: 1 } as const;
/**
 * A run that dies behind its requests, retries in between, and the same run taken up again: it has older
 * pages in hand.
 */
const resumed: fc.Arbitrary<Step[]> = fc
  .tuple(fc.integer({ min: 5, max: 20 }), fc.array(fc.oneof(deliver, retry), { minLength: 1, maxLength: 2 }))
  .map(([at, between]) => [
    { kind: 'alone', deed: FIRST_RUN, trouble: { kind: 'crash', at } },
    ...between.map((each) => ({ kind: 'alone' as const, deed: each })),
    { kind: 'alone', deed: FIRST_RUN },
  ]);
/** What is left to itself: one delivery after the other, whenever it is due. */
const alone: fc.Arbitrary<Step[]> = fc.array(
  pick.map((each): Step => ({ kind: 'alone', deed: { kind: 'deliver', pick: each, wait: true } })),
  { minLength: 6, maxLength: 10 },
);
const steps = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: step.map((each) => [each]) },
      { weight: 1, arbitrary: resumed },
      { weight: 1, arbitrary: alone },
    ),
    {
      minLength: 4,
      maxLength: 22,
    },
  )
  .map((each) => each.flat());

const script = fc
  .array(
    fc.record({
      answer: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom<Answer[]>('500', '406') },
        { weight: 4, arbitrary: fc.constantFrom<Answer[]>('ok', 'same') },
        { weight: 3, arbitrary: fc.constantFrom<Answer[]>(...ANSWERS) },
      ),
      times: fc.constantFrom(1, 2, 3, 5, 9, 16),
    }),
    { maxLength: 4 },
  )
  .map((spells) => spells.flatMap(({ answer, times }) => Array<Answer>(times).fill(answer)));
/** Notes that never come, of a day that is listed: nothing of it can be published. */
const stubborn = fc.record({
  '/a/2026-11-19/n1': fc.constant(Array<Answer>(24).fill('500')),
  '/a/2026-11-19/n2': fc.constant(Array<Answer>(24).fill('500')),
});
/** Most of it happens to one partition: what never meets never goes wrong. */
const mixed = fc
  .record({
    '/a/2026-11-19': fc.option(script, { nil: [], freq: 1 }),
    '/a/2026-11-19/n1': script,
    '/a/2026-11-19/n2': script,
    others: fc.dictionary(fc.constantFrom(...ALL_PAGES.slice(3)), script, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
  })
  .map(({ others, ...those }): Record<string, Answer[]> => ({ ...those, ...others }));
const scripts: fc.Arbitrary<Record<string, Answer[]>> = fc.oneof(
  { weight: 7, arbitrary: mixed },
  { weight: 1, arbitrary: stubborn },
);

async function play(
  queue: 'model' | 'worn-model' | 'sqlite',
  answers: Readonly<Record<string, readonly Answer[]>>,
  played: readonly Step[],
  ending: 'drain-first' | 'run-first',
): Promise<void> {
  const world = new RetryWorld(answers, queue);
  try {
    const memory = new Memory();
    for (const each of [{ kind: 'alone' as const, deed: FIRST_RUN }, ...played])
      await checkStep(world, memory, each);
    await checkHealed(world, memory, ending);
  } finally {
    await world.close();
  }
}

const ending = fc.constantFrom('drain-first' as const, 'run-first' as const);
const parameters = { numRuns: RUNS, seed: SEED };

workQueueContract('the model of a queue', async () => {
  const clock = new ManualClock();
  return {
    queue: new QueueModel(clock, 3),
    maxDeliveries: 3,
    pass: (ms) => clock.advance(ms),
    dispose: async () => {},
  };
});

describe('run, retry, redelivery, redrive and crash in any order', () => {
  it('lose no item, double no row and replace no newer row, over a queue that may do all that SQS may', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, steps, ending, (...given) =>
        play(given[1].length % 4 === 0 ? 'worn-model' : 'model', ...given),
      ),
      parameters,
    );
  }, 3_600_000);

  it('do so over the queue of this machine', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, steps, ending, (...given) => play('sqlite', ...given)),
      { ...parameters, numRuns: Math.ceil(RUNS / 3) },
    );
  }, 3_600_000);
});
