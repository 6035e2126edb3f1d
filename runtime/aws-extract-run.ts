import * as z from 'zod';
import type { ExtractRecords } from '../core/extract/extract-context.ts';
import type { ExtractEvent } from '../core/extract/extract-event.ts';
import type { RunEnd } from '../core/extract/run-extraction.ts';
import { runMemorySchema } from '../core/extract/run-memory.ts';
import type { ScanFilter } from '../core/extract/scan.ts';
import { type WaveInput, type WaveProgress, waveProgressSchema } from '../core/extract/wave-stage.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { type Execution, Executions, executionProblem } from './aws-executions.ts';
import { BatchFollower } from './batch-follower.ts';
import type { StackPlatform } from './stack.ts';
import { extractionResourcesOf } from './stack-outputs.ts';

export interface StackExtractRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly filter: ScanFilter;
  readonly isOutdatedAsked: boolean;
  /** Pages that are sent at most. @default any number */
  readonly limit?: number;
  /** Told of each execution that is started; `name` is what Step Functions calls it. */
  readonly onStart?: (start: { readonly name: string; readonly isContinuation: boolean }) => void;
  /** Told what has become of batches since the last look. */
  readonly tell: (event: ExtractEvent) => void;
  /** Ends the following; the execution itself goes on. */
  readonly signal?: AbortSignal;
}

/** Partitions of the tables by what became of them, as the last publication tells. */
export interface StackPublication {
  readonly partitions: number;
  readonly results: Readonly<Record<string, number>>;
}

/** How an extraction in a stack ended. `published`: null where nothing was to be published. */
export type StackExtractEnd =
  | { readonly kind: 'ended'; readonly end: RunEnd; readonly published: StackPublication | null }
  | { readonly kind: 'failed'; readonly message: string }
  /** By the signal; `message` says what becomes of it. */
  | { readonly kind: 'aborted'; readonly message: string };

const outputSchema = z.object({
  wave: z.object({
    waves: z.int(),
    goesOn: z.boolean(),
    memory: runMemorySchema.pick({ leftOut: true }),
    progress: waveProgressSchema,
  }),
  published: z
    .object({ partitions: z.int(), results: z.record(z.string(), z.int()) })
    .nullable()
    .default(null),
});

/**
 * Starts the state machine of an extraction and follows it until nothing is runnable or in flight. An
 * execution that is over before is continued by another one at once, as the schedule does within minutes.
 * Throws a `StorageError` where AWS cannot be asked.
 */
export async function extractOnStack(
  platform: StackPlatform,
  records: ExtractRecords,
  request: StackExtractRequest,
): Promise<StackExtractEnd> {
  const { env, filter, isOutdatedAsked, limit, onStart, tell, signal } = request;
  const { clock, resources } = platform;
  const { name: extraction } = records.extraction;
  const { stateMachine } = extractionResourcesOf(resources, extraction);
  const executions = new Executions(env);
  const sum = { waves: 0, batches: 0, pages: 0, refused: null as string | null };
  let published: StackPublication | null = null;
  try {
    const follower = await BatchFollower.start(records, tell);
    for (let isContinuation = false; ; isContinuation = true) {
      const name = platform.newId();
      const input: WaveInput = {
        ...{ extraction, filter: inputFilter(filter), outdated: isOutdatedAsked },
        // What the provider refused once is not sent again: what is in flight is looked after.
        ...(sum.refused !== null ? { limit: 0 } : limit !== undefined && { limit: limit - sum.pages }),
      };
      const arn = await executions.start(stateMachine, name, input);
      onStart?.({ name, isContinuation });
      const execution = await executions.follow(arn, { clock, signal, look: () => follower.look() });
      if (!execution) {
        const message = `no longer followed: the execution ${name} goes on in the stack ${resources.stack}, and the schedule goes on after it`;
        return { kind: 'aborted', message };
      }
      if (execution.status !== 'SUCCEEDED') return { kind: 'failed', message: executionProblem(execution) };
      const { wave, published: last } = outputOf(execution, resources.stack);
      published = last ?? published;
      const { goesOn, waves, memory, progress } = wave;
      sum.waves += waves;
      sum.batches += progress.sent.batches;
      sum.pages += progress.sent.pages;
      sum.refused ??= progress.refused;
      if (goesOn && !progress.isDelayed) continue;
      const end: RunEnd = {
        ...{ kind: kindOf({ ...progress, refused: sum.refused }), waves: sum.waves },
        ...{ sent: { batches: sum.batches, pages: sum.pages }, refused: sum.refused ?? undefined },
        active: (await records.batches.activeIds()).length,
        leftOut: memory.leftOut.map(({ page, reason }) => ({ page, reason })),
      };
      return { kind: 'ended', end, published };
    }
  } finally {
    executions.close();
  }
}

function outputOf({ output }: Execution, stack: string): z.infer<typeof outputSchema> {
  const parsed = outputSchema.safeParse(JSON.parse(output ?? 'null'));
  if (parsed.success) return parsed.data;
  throw new StorageError(
    `the execution ended, and does not say how: the stack ${stack} is of another version; deploy it again`,
  );
}

function kindOf({ refused, isDelayed, stuck, held }: WaveProgress): RunEnd['kind'] {
  if (refused !== null) return 'refused';
  if (isDelayed) return 'delayed';
  if (stuck > 0) return 'stuck';
  return held > 0 ? 'held' : 'finished';
}

/** As an event takes it: lists that are its own, and nothing that is undefined. */
function inputFilter({ states, schools, yearStart, yearEnd }: ScanFilter): NonNullable<WaveInput['filter']> {
  return {
    ...(states && { states: [...states] }),
    ...(schools && { schools: [...schools] }),
    ...(yearStart !== undefined && { yearStart }),
    ...(yearEnd !== undefined && { yearEnd }),
  };
}
