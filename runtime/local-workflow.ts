import type { Clock } from '../core/ports/clock.ts';
import type { Json } from '../core/ports/state-store.ts';
import type {
  DistributedMapState,
  StateMachine,
  StateMachineDefinition,
  TaskState,
} from '../core/workflow/asl.ts';
import { retryAfter } from '../core/workflow/asl-retry.ts';
import { boundedForEach } from './bounded-for-each.ts';
import { StatesError, toError, toJson } from './state-payload.ts';
import { type Work, walk } from './state-walker.ts';

/**
 * Plays a Step Functions definition on this machine. `walk` goes from state to state (paths, choices,
 * catchers); what a state does is played here from the same value:
 * - a Distributed Map: a stream of lines, a bounded number of children, tolerated failures. The result writer
 *   is not played: children's answers are dropped, so that memory does not grow with the work list;
 * - `Retry` and `Wait`: slept on our clock, so that tests own time;
 * - Lambda: a stage is called with JSON, answers JSON, and its errors match by `error.name`.
 */

/**
 * Called with the payload as parsed JSON; what it resolves to must be JSON. Throwing is what a Lambda's throw
 * is.
 */
export type Stage = (payload: unknown) => Promise<unknown>;

export interface LocalWorkflow {
  readonly input: unknown;
  /** What `$$.Execution.Id` is. @default 'local' */
  readonly execution?: string;
  /** By the FunctionName of the definition, which is the stage's name in `LOCAL_RESOURCES` and its like. */
  readonly stages: Readonly<Record<string, Stage>>;
  /**
   * The lines of a work list, parsed. Read no faster than children start. For definitions with a Map alone.
   */
  readonly readLines?: (reference: LineReference) => AsyncIterable<unknown>;
  readonly clock: Clock;
  /** Aborting starts nothing new, cuts waits short and waits for the stages under way. */
  readonly signal?: AbortSignal;
  /** Told in order; must not throw. */
  readonly onEvent?: (event: WorkflowEvent) => void;
  /** [0, 1), for retriers with full jitter; default Math.random. */
  readonly random?: () => number;
}

export interface LineReference {
  readonly bucket: string;
  readonly key: string;
}

export type WorkflowEvent =
  | { readonly kind: 'stage-started' | 'stage-finished'; readonly stage: string; readonly payload: unknown }
  | {
      readonly kind: 'stage-failed';
      readonly stage: string;
      readonly payload: unknown;
      readonly error: Error;
    }
  | {
      readonly kind: 'retry-waiting';
      readonly stage: string;
      readonly payload: unknown;
      readonly error: Error;
      /** 1 for the first retry. */
      readonly attempt: number;
      readonly waitMs: number;
    }
  | { readonly kind: 'child-started' | 'child-succeeded'; readonly input: unknown }
  | { readonly kind: 'child-failed'; readonly input: unknown; readonly error: Error };

/** Children of the Distributed Map; those that an abort cut off count as neither. */
export interface ChildCounts {
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
}

export type WorkflowResult =
  | { readonly kind: 'succeeded'; readonly output: unknown; readonly children: ChildCounts }
  | { readonly kind: 'failed'; readonly error: Error; readonly children: ChildCounts }
  | { readonly kind: 'aborted'; readonly children: ChildCounts };

/**
 * Runs the definition to its end. Rejects only for bugs: a state that calls no known stage, a listener that
 * throws.
 */
export async function runWorkflow(
  definition: StateMachineDefinition,
  workflow: LocalWorkflow,
): Promise<WorkflowResult> {
  const run = new Run(workflow);
  const play = compile(definition, run);
  const ended = await play(toJson(workflow.input));
  if (run.listenerError !== undefined) throw run.listenerError;
  const children = { ...run.children };
  if (ended.kind === 'succeeded') return { ...ended, children };
  return workflow.signal?.aborted ? { kind: 'aborted', children } : { ...ended, children };
}

/** What all children of one run share. */
class Run {
  readonly workflow: LocalWorkflow;
  readonly children = { started: 0, succeeded: 0, failed: 0 };
  listenerError: unknown;

  constructor(workflow: LocalWorkflow) {
    this.workflow = workflow;
  }

  /** A throwing listener would otherwise look like a failing stage, and be retried. */
  tell(event: WorkflowEvent): void {
    try {
      this.workflow.onEvent?.(event);
    } catch (error) {
      this.listenerError ??= error;
    }
  }

  get aborted(): boolean {
    return this.workflow.signal?.aborted === true;
  }

  stopIfAborted(): void {
    if (this.aborted) throw new StatesError('Aborted', 'the run was aborted', 'final');
  }
}

type Ended =
  | { readonly kind: 'succeeded'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: Error };

/** Made once per definition and shared by all its executions: works keep nothing between calls. */
function compile(machine: StateMachine, run: Run): (input: Json) => Promise<Ended> {
  const works = new Map<string, Work>();
  for (const [name, state] of Object.entries(machine.States)) {
    if (state.Type === 'Task') works.set(name, taskWork(name, state, run));
    if (state.Type === 'Map') works.set(name, mapWork(state, run));
    if (state.Type === 'Wait') works.set(name, waitWork(run));
  }
  return async (input) => {
    try {
      const context = { Execution: { Id: run.workflow.execution ?? 'local' } };
      return { kind: 'succeeded', output: await walk(machine, works, input, context) };
    } catch (thrown) {
      return { kind: 'failed', error: toError(thrown) };
    }
  };
}

function taskWork(name: string, state: TaskState, run: Run): Work {
  const stageName = state.Parameters.FunctionName;
  const { stages, clock, signal, random = Math.random } = run.workflow;
  if (!Object.hasOwn(stages, stageName)) {
    throw new Error(
      `state ${name} calls ${stageName}; this run has the stages ${Object.keys(stages).join(', ')}`,
    );
  }
  const stage = stages[stageName]!;
  const retriers = state.Retry ?? [];

  return async (input) => {
    const { Payload: payload } = input as { Payload: Json };
    const used = retriers.map(() => 0);
    for (;;) {
      run.stopIfAborted();
      run.tell({ kind: 'stage-started', stage: stageName, payload });
      try {
        const answer = toJson(await stage(toJson(payload)));
        run.tell({ kind: 'stage-finished', stage: stageName, payload });
        return { Payload: answer };
      } catch (thrown) {
        run.stopIfAborted();
        const error = toError(thrown);
        run.tell({ kind: 'stage-failed', stage: stageName, payload, error });
        const final = error instanceof StatesError && !error.isCatchable;
        const retry = final ? undefined : retryAfter(retriers, used, error.name, random);
        if (!retry) throw error;
        const attempt = (used[retry.index] ?? 0) + 1;
        used[retry.index] = attempt;
        run.tell({ kind: 'retry-waiting', stage: stageName, payload, error, attempt, waitMs: retry.waitMs });
        await clock.sleep(retry.waitMs, signal).catch((reason: unknown) => {
          run.stopIfAborted();
          throw reason;
        });
      }
    }
  };
}

function waitWork(run: Run): Work {
  const { clock, signal } = run.workflow;
  return async (seconds) => {
    run.stopIfAborted();
    await clock.sleep(Number(seconds) * 1_000, signal).catch((reason: unknown) => {
      run.stopIfAborted();
      throw reason;
    });
    return {};
  };
}

function mapWork(state: DistributedMapState, run: Run): Work {
  const { readLines } = run.workflow;
  if (!readLines) throw new Error('a definition with a Map is played without a reader of its work lists');
  const play = compile(state.ItemProcessor, run);
  const tolerated = state.ToleratedFailurePercentage;

  return async (reference) => {
    let total = 0;
    let failed = 0;
    const playChild = async (input: unknown): Promise<void> => {
      total++;
      run.children.started++;
      run.tell({ kind: 'child-started', input });
      const ended = await play(toJson(input));
      if (ended.kind === 'succeeded') {
        run.children.succeeded++;
        run.tell({ kind: 'child-succeeded', input });
      } else if (!run.aborted) {
        failed++;
        run.children.failed++;
        run.tell({ kind: 'child-failed', input, error: ended.error });
      }
    };
    const isOver = () => run.aborted || (tolerated === 0 && failed > 0);
    const { Bucket: bucket, Key: key } = reference as { Bucket: string; Key: string };
    let unreadable: Error | undefined;
    await boundedForEach(readLines({ bucket, key }), state.MaxConcurrency, playChild, isOver).catch(
      (thrown: unknown) => {
        unreadable = toError(thrown);
      },
    );
    run.stopIfAborted();
    if (unreadable)
      throw new StatesError('States.ItemReaderFailed', `${key}: ${unreadable.message}`, 'catchable');
    if (failed * 100 > tolerated * total) {
      const message = `${failed} of ${total} children failed; ${tolerated} % are tolerated`;
      throw new StatesError('States.ExceedToleratedFailureThreshold', message, 'catchable');
    }
    return {};
  };
}
