import type { RetryPolicy } from '../source/source-policy.ts';
import type { StateMachineDefinition } from './asl.ts';
import { invocation, retriersFor } from './stage-task.ts';

/** What the workflow of an extraction calls. */
export const EXTRACTION_STAGE_NAMES = ['extract-wave', 'publish-extraction'] as const;
export type ExtractionStageName = (typeof EXTRACTION_STAGE_NAMES)[number];

/** What `extract-wave` answers: the next wave of the execution gets it. */
export interface WaveAnswer {
  /** What this execution remembers, as `RunMemory` has it. */
  readonly memory: object;
  /** Waves of this execution so far. */
  readonly waves: number;
  /** The provider refused a job: this execution submits no more. */
  readonly isRefused: boolean;
  /** What this execution has come to, as `WaveProgress` has it: for whoever follows it. */
  readonly progress: object;
  /** There is something that is not published yet. */
  readonly publishes: boolean;
  /** False where nothing is in flight, nothing can be sent, or only a person can help. */
  readonly goesOn: boolean;
  /** Until the next wave: whole seconds from 0. */
  readonly waitSeconds: number;
}

export interface BatchExtractionOptions {
  /** ARN of each stage's function; locally the stage's own name (`LOCAL_EXTRACTION_RESOURCES`). */
  readonly resources: Readonly<Record<ExtractionStageName, string>>;
  /** So many waves end an execution; the next one, with the same input, goes on from the state. */
  readonly mostWaves: number;
}

/** Resources for a workflow that runs on this machine: a stage is called by its name. */
export const LOCAL_EXTRACTION_RESOURCES: Readonly<Record<ExtractionStageName, string>> = {
  'extract-wave': 'extract-wave',
  'publish-extraction': 'publish-extraction',
};

/** Of AWS's own trouble that passes. A stage itself tries a provider again. */
const RETRY: RetryPolicy = { attempts: 3, intervalSeconds: 2, backoffRate: 2 };

/**
 * The machine of an extraction: Extract (poll, process, scan, submit) → Publish where pages have ended → Wait
 * → Extract …, until nothing is in flight or a number of waves is over. It keeps nothing that a new execution
 * would need: one with the same input, which a schedule starts every few minutes, is its continuation, and
 * two at once share the work. A stage that breaks fails the execution under its own error name.
 *
 * Throws a RangeError for options that would never end it.
 */
export function batchExtraction({ resources, mostWaves }: BatchExtractionOptions): StateMachineDefinition {
  if (!Number.isSafeInteger(mostWaves) || mostWaves < 1)
    throw new RangeError('mostWaves must be a whole number from 1');
  return {
    Comment: 'Asks a model about the pages of a library, in batches, and publishes what it answers.',
    StartAt: 'Extract',
    States: {
      Extract: {
        ...invocation(resources['extract-wave'], retriersFor(['Transient'], RETRY), { Next: 'HasNews' }),
        ResultSelector: {
          'memory.$': '$.Payload.memory',
          'waves.$': '$.Payload.waves',
          'isRefused.$': '$.Payload.isRefused',
          'progress.$': '$.Payload.progress',
          'publishes.$': '$.Payload.publishes',
          'goesOn.$': '$.Payload.goesOn',
          'waitSeconds.$': '$.Payload.waitSeconds',
        },
        ResultPath: '$.wave',
      },
      HasNews: {
        Type: 'Choice',
        Comment: 'A publication looks at every label, so it is not called for nothing.',
        Choices: [{ Variable: '$.wave.publishes', BooleanEquals: true, Next: 'Publish' }],
        Default: 'GoesOn',
      },
      Publish: {
        ...invocation(resources['publish-extraction'], retriersFor(['Conflict', 'Transient'], RETRY), {
          Next: 'GoesOn',
        }),
        // Of the last one: what whoever follows the execution is told.
        ResultSelector: { 'partitions.$': '$.Payload.partitions', 'results.$': '$.Payload.results' },
        ResultPath: '$.published',
      },
      GoesOn: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.wave.goesOn', BooleanEquals: false, Next: 'Done' },
          { Variable: '$.wave.waves', NumericGreaterThanEquals: mostWaves, Next: 'Done' },
        ],
        Default: 'Wait',
      },
      Wait: { Type: 'Wait', SecondsPath: '$.wave.waitSeconds', Next: 'Extract' },
      Done: { Type: 'Succeed' },
    },
  };
}
