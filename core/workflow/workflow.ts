import type { Source } from '../source/source.ts';
import type { RetryPolicy } from '../source/source-policy.ts';
import type { RunInput } from '../state/run-store.ts';
import { MAX_TARGET_RETRIES } from '../targets/target.ts';
import type { StateMachineDefinition, Transition } from './asl.ts';
import { invocation, invocationByExecution, type RetryableErrorName, retriersFor } from './stage-task.ts';

/**
 * What the workflow calls, in the order of a good day; `record-failures` only after a scrape that failed for
 * good.
 */
export const STAGE_NAMES = ['plan', 'scrape', 'record-failures', 'publish', 'summarize', 'report'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/**
 * What `plan` answers: the input of the execution, which names the window (no stage asks what day it is), and
 * the work.
 */
export interface PlanAnswer extends RunInput {
  /**
   * JSON Lines in the work list's bucket, one partition a line. The line, an object, is the input of that
   * partition's child, which keeps its own notes under `scrape`, `problem` and `publish`.
   */
  readonly workList: { readonly key: string; readonly lines: number };
  /**
   * Targets are crawled one by one, and none is due: the run ends at once, and nothing is on record of it.
   */
  readonly nothingDue?: true;
  /** Another execution has begun this run: there is nothing left to do. */
  readonly alreadyBegun?: true;
}

/** What `summarize` answers, as far as the workflow reads it. */
export interface SummarizeAnswer {
  readonly status: string;
  /** There were partitions, and the child of each failed. */
  readonly everyPartitionBroke?: true;
}

/** The error of an execution that did all its work, and got no partition to its end. */
export const EVERY_PARTITION_BROKE = 'EveryPartitionBroke';

/** What `scrape` answers: false when it stopped before its deadline and wants to be called again. */
export interface ScrapeAnswer {
  readonly done: boolean;
}

export interface DailyRescrapeOptions {
  /** ARN of each stage's function; locally the stage's own name (`LOCAL_RESOURCES`). */
  readonly resources: Readonly<Record<StageName, string>>;
  /** Holds the work lists (`work/<run>/…`) and gets the Map Run's results. */
  readonly workListBucket: string;
  readonly retry: RetryPolicy;
  /** How often `scrape` is called again (`scrapeRetryOf`). @default as all else */
  readonly scrapeRetry?: RetryPolicy;
  /** Partitions under way at once. */
  readonly maxConcurrency: number;
  /** 100 lets Summarize, Report and the rest of the partitions run whatever fails; the report then tells. */
  readonly toleratedFailurePercentage: number;
}

/** Resources for a workflow that runs on this machine: a stage is called by its name. */
export const LOCAL_RESOURCES: Readonly<Record<StageName, string>> = {
  plan: 'plan',
  scrape: 'scrape',
  'record-failures': 'record-failures',
  publish: 'publish',
  summarize: 'summarize',
  report: 'report',
};

/**
 * How often a workflow calls `scrape` again for a source. Where targets have numbers of their own, the scrape
 * itself tells when the last of them has used up its tries.
 */
export function scrapeRetryOf({ cadence, retry }: Pick<Source, 'cadence' | 'retry'>): RetryPolicy {
  return cadence.kind === 'every' ? { ...retry, attempts: MAX_TARGET_RETRIES } : retry;
}

/**
 * The daily rescrape: Plan → Partitions { Scrape → Publish } → Summarize → Report.
 *
 * A scrape that fails for good is closed by `record-failures`, which opens failures for what is missing, and
 * is published all the same with the rows that the current version still holds. A publish or record-failures
 * that fails for good fails its child under its own error name, so that the Map Run counts it. A plan that
 * fails, a work list that cannot be read, a summary stage that breaks, or more failures than tolerated still
 * end in the report stage, which ends the run; then the execution fails, as it does where every child failed.
 * All that can fail is caught, so an execution cannot be redriven: the same input is run anew
 * (`rescrape run --resume`). Nothing in here reads a clock, so that does the same work next week.
 *
 * Throws a RangeError for options that Step Functions would refuse.
 */
export function dailyRescrape(options: DailyRescrapeOptions): StateMachineDefinition {
  refuseWhatStepFunctionsRefuses(options);
  const invoke = (stage: StageName, errors: readonly RetryableErrorName[], next: Transition) =>
    invocation(options.resources[stage], retriersFor(errors, retryOf(stage, options)), next);
  const invokeByExecution = (stage: StageName, errors: readonly RetryableErrorName[], next: Transition) =>
    invocationByExecution(options.resources[stage], retriersFor(errors, retryOf(stage, options)), next);
  const toReport = [{ ErrorEquals: ['States.ALL'], Next: 'Report', ResultPath: '$.problem' }];
  const toSummarize = [{ ErrorEquals: ['States.ALL'], Next: 'Summarize', ResultPath: '$.problem' }];

  return {
    Comment: 'Scrapes every partition of the window again and makes the new versions current.',
    StartAt: 'Plan',
    States: {
      Plan: {
        ...invokeByExecution('plan', ['Transient'], { Next: 'IsAnythingPlanned' }),
        ResultPath: '$.plan',
        Catch: toReport,
      },
      IsAnythingPlanned: {
        Type: 'Choice',
        Comment: 'An empty object is no work list that a Map Run can be started on.',
        InputPath: '$.plan.Payload',
        Choices: [
          { Variable: '$.alreadyBegun', IsPresent: true, Next: 'AlreadyBegun' },
          { Variable: '$.nothingDue', IsPresent: true, Next: 'NothingDue' },
          { Variable: '$.workList.lines', NumericEquals: 0, Next: 'Summarize' },
        ],
        Default: 'Partitions',
      },
      NothingDue: { Type: 'Succeed' },
      AlreadyBegun: { Type: 'Succeed', Comment: 'A schedule delivers at least once; one run is enough.' },
      Partitions: {
        Type: 'Map',
        Label: 'partitions',
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'JSONL' },
          // The bucket is fixed so that the role can be granted exactly this one.
          Parameters: { Bucket: options.workListBucket, 'Key.$': '$.workList.key' },
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Scrape',
          States: {
            Scrape: {
              ...invoke('scrape', ['RateLimited', 'Transient'], { Next: 'IsScraped' }),
              ResultSelector: { 'done.$': '$.Payload.done' },
              ResultPath: '$.scrape',
              Catch: [{ ErrorEquals: ['States.ALL'], Next: 'RecordFailures', ResultPath: '$.problem' }],
            },
            IsScraped: {
              Type: 'Choice',
              Choices: [{ Variable: '$.scrape.done', BooleanEquals: false, Next: 'Scrape' }],
              Default: 'Publish',
            },
            RecordFailures: {
              ...invoke('record-failures', ['Transient'], { Next: 'Publish' }),
              ResultPath: null,
            },
            Publish: {
              ...invoke('publish', ['Conflict', 'Transient'], { End: true }),
              ResultSelector: { 'answer.$': '$.Payload' },
              ResultPath: '$.publish',
            },
          },
        },
        // Without a writer the answers of all children would be one state output, which ends at 256 KiB.
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: {
            Bucket: options.workListBucket,
            'Prefix.$': "States.Format('work/{}/partitions', $.runId)",
          },
        },
        MaxConcurrency: options.maxConcurrency,
        ToleratedFailurePercentage: options.toleratedFailurePercentage,
        ResultPath: null,
        Catch: toSummarize,
        Next: 'Summarize',
      },
      Summarize: {
        ...invoke('summarize', ['Transient'], { Next: 'Report' }),
        ResultSelector: { 'answer.$': '$.Payload' },
        ResultPath: '$.summarize',
        Catch: toReport,
      },
      Report: {
        ...invokeByExecution('report', ['Transient'], { Next: 'IsWhole' }),
        ResultSelector: { 'answer.$': '$.Payload' },
        ResultPath: '$.report',
      },
      IsWhole: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.problem', IsPresent: true, Next: 'Broken' },
          { Variable: '$.summarize.answer.everyPartitionBroke', IsPresent: true, Next: 'AllBroken' },
        ],
        Default: 'Done',
      },
      Broken: { Type: 'Fail', ErrorPath: '$.problem.Error', CausePath: '$.problem.Cause' },
      AllBroken: {
        Type: 'Fail',
        Error: EVERY_PARTITION_BROKE,
        Cause: 'no partition came to its end; the children of the Map Run say why',
      },
      Done: { Type: 'Succeed' },
    },
  };
}

function retryOf(stage: StageName, { retry, scrapeRetry = retry }: DailyRescrapeOptions): RetryPolicy {
  return stage === 'scrape' ? scrapeRetry : retry;
}

function refuseWhatStepFunctionsRefuses(options: DailyRescrapeOptions): void {
  const { retry, maxConcurrency, toleratedFailurePercentage } = options;
  const wholeFrom = (least: number, value: number) => Number.isSafeInteger(value) && value >= least;
  const rules: readonly (readonly [boolean, string])[] = [
    [wholeFrom(1, retry.intervalSeconds), 'retry.intervalSeconds must be a whole number of seconds from 1'],
    [wholeFrom(0, retry.attempts), 'retry.attempts must be a whole number from 0'],
    [retry.backoffRate >= 1 && Number.isFinite(retry.backoffRate), 'retry.backoffRate must be at least 1'],
    // 0 means "no limit" to Step Functions: never what a polite scraper wants.
    [wholeFrom(1, maxConcurrency), 'maxConcurrency must be a whole number from 1'],
    [
      wholeFrom(0, toleratedFailurePercentage) && toleratedFailurePercentage <= 100,
      'toleratedFailurePercentage must be a whole number from 0 to 100',
    ],
  ];
  for (const [holds, message] of rules) if (!holds) throw new RangeError(message);
}
