import { StateMachine as Interpreter } from 'aws-local-stepfunctions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../core/ports/state-store.ts';
import type { ChoiceState, State, StateMachine, TaskState } from '../../core/workflow/asl.ts';
import { toError } from '../../runtime/state-payload.ts';
import { type Work, walk } from '../../runtime/state-walker.ts';

const FIELDS = ['a', 'b', 'c'];
const path = fc.array(fc.constantFrom(...FIELDS), { maxLength: 2 }).map((names) => ['$', ...names].join('.'));
const below = path.filter((text) => text !== '$');
const leaf = fc.constantFrom<Json>(true, false, 0, 1, 7, 'text', null);
const data = fc.dictionary(
  fc.constantFrom(...FIELDS),
  fc.oneof(leaf, fc.dictionary(fc.constantFrom(...FIELDS), leaf)),
);

/** What a state of work does: it answers this, or throws an error of this name. */
type Does = { readonly answers: Json } | { readonly throws: string };
const does: fc.Arbitrary<Does> = fc.oneof(
  { weight: 3, arbitrary: data.map((answers) => ({ answers })) },
  fc.constantFrom('Transient', 'Conflict', 'Broken').map((throws) => ({ throws })),
);

/** Machines whose transitions only go forward, so that each ends. */
const NAMES = ['S0', 'S1', 'S2', 'S3', 'S4', 'S5'];
const task = (later: string): fc.Arbitrary<TaskState> =>
  fc
    .record(
      {
        ResultSelector: fc.dictionary(
          fc.constantFrom('a.$', 'b.$'),
          fc.constantFrom('$.Payload', '$.Payload.a'),
        ),
        ResultPath: fc.option(below, { nil: null }),
        Catch: fc.constantFrom(
          [{ ErrorEquals: ['States.ALL'], Next: later, ResultPath: '$.problem' }],
          [{ ErrorEquals: ['Transient', 'Conflict'], Next: later, ResultPath: '$.a' }],
          [{ ErrorEquals: ['States.TaskFailed'], Next: later, ResultPath: '$.a.problem' }],
        ),
      },
      { requiredKeys: [] },
    )
    .map((more) => ({
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'stage', 'Payload.$': '$' },
      Next: later,
      ...more,
    }));
const choice = (one: string, other: string): fc.Arbitrary<ChoiceState> =>
  fc
    .oneof(
      below.map((Variable) => ({ Variable, IsPresent: true })),
      below.map((Variable) => ({ Variable, BooleanEquals: true })),
      below.map((Variable) => ({ Variable, NumericEquals: 1 })),
      // The other one takes true for 1.
      below.map((Variable) => ({ Variable, NumericGreaterThanEquals: 2 })),
    )
    .chain((comparison) =>
      fc.record({ InputPath: path }, { requiredKeys: [] }).map((more) => ({
        ...{ Type: 'Choice' as const, ...more },
        ...{ Choices: [{ ...comparison, Next: one }], Default: other },
      })),
    );
const machine: fc.Arbitrary<StateMachine> = fc
  .tuple(
    ...NAMES.map((_, index) =>
      index === NAMES.length - 1
        ? fc.constant<State>({ Type: 'Succeed' })
        : fc
            .tuple(
              fc.integer({ min: index + 1, max: NAMES.length - 1 }),
              fc.integer({ min: index + 1, max: NAMES.length - 1 }),
            )
            .chain(([one, other]) =>
              fc.oneof<fc.Arbitrary<State>[]>(
                { weight: 4, arbitrary: task(NAMES[one]!) } as never,
                choice(NAMES[one]!, NAMES[other]!),
                fc.constant<State>({ Type: 'Fail', ErrorPath: '$.a', CausePath: '$.b' }),
                fc.constant<State>({ Type: 'Fail', Error: 'Broken', Cause: 'all of it' }),
              ),
            ),
    ),
  )
  .map((states) => ({
    StartAt: NAMES[0]!,
    States: Object.fromEntries(states.map((state, index) => [NAMES[index]!, state])),
  }));

type Ended = { readonly output: Json } | { readonly error: string; readonly cause: string };

const worksOf = (plan: Readonly<Record<string, Does>>): Map<string, Work> =>
  new Map(
    Object.entries(plan).map(([name, what]) => [
      name,
      async () => {
        if ('answers' in what) return { Payload: structuredClone(what.answers) };
        throw Object.assign(new Error('it happened'), { name: what.throws });
      },
    ]),
  );

async function endOf(walking: Promise<unknown>): Promise<Ended> {
  try {
    return { output: (await walking) as Json };
  } catch (thrown) {
    const error = toError(thrown instanceof Error && thrown.cause ? thrown.cause : thrown);
    return { error: error.name, cause: error.message };
  }
}

describe('a walk through a state machine', () => {
  it('ends as the interpreter of others ends it, whatever is in the machine and in the data', async () => {
    let compared = 0;
    const plans = fc.record(Object.fromEntries(NAMES.map((name) => [name, does])));
    await fc.assert(
      fc.asyncProperty(machine, data, plans, async (states, input, plan) => {
        const own = await endOf(walk(states, worksOf(plan), input));
        // What AWS refuses as `States.Runtime` the other one reads as undefined.
        if ('error' in own && own.error.startsWith('States.')) return;
        compared++;
        const other = new Interpreter(structuredClone(states) as never, {
          validationOptions: { noValidate: true },
        });
        const taskResourceLocalHandlers = Object.fromEntries(worksOf(plan)) as never;
        const { result } = other.run(structuredClone(input) as never, {
          overrides: { taskResourceLocalHandlers },
        });
        const end = await endOf(result);
        // It takes null, false and 0 for nothing where they are the whole of the data.
        if ('cause' in end && end.cause.startsWith("Path expression '$' does not")) return;
        expect(own).toEqual(end);
      }),
      { numRuns: 600, seed: 26 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it('fails where a path leads to nothing, and no catcher takes that', async () => {
    const choosing: State = {
      Type: 'Choice',
      Choices: [{ Variable: '$.x', BooleanEquals: true, Next: 'End' }],
      Default: 'End',
    };
    const machineOf = (first: State): StateMachine => ({
      StartAt: 'First',
      States: { First: first, End: { Type: 'Succeed' } },
    });
    await expect(walk(machineOf(choosing), new Map(), {})).rejects.toMatchObject({ name: 'States.Runtime' });
    const caught: State = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'stage', 'Payload.$': '$.x' },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End', ResultPath: '$.problem' }],
      Next: 'End',
    };
    const works = new Map([['First', async () => null]]);
    await expect(walk(machineOf(caught), works, {})).rejects.toMatchObject({ name: 'States.Runtime' });
  });

  it('refuses a path that is no list of fields, and a machine that names a state which is not there', async () => {
    const choosing: State = {
      Type: 'Choice',
      Choices: [{ Variable: '$..x', IsPresent: true, Next: 'End' }],
      Default: 'Gone',
    };
    const states = { StartAt: 'First', States: { First: choosing } };
    await expect(walk(states, new Map(), {})).rejects.toThrow('not a path of fields');
    await expect(walk({ StartAt: 'Gone', States: {} }, new Map(), {})).rejects.toThrow(
      'there is no state Gone',
    );
  });
});
