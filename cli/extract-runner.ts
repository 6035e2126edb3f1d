import type { Command } from 'commander';
import type { ExtractContext, ScanContext } from '../core/extract/extract-context.ts';
import type { ExtractEvent } from '../core/extract/extract-event.ts';
import { type RunEnd, type RunOptions, runExtraction } from '../core/extract/run-extraction.ts';
import type { ScanOptions } from '../core/extract/scan-now.ts';
import { publishPagesLocally } from '../runtime/local-extraction.ts';
import { isStack } from '../runtime/platform-for.ts';
import { globalOptions } from './context.ts';
import { isFruitless, type PublishedTables } from './extract-run-end.ts';
import { type Here, withExtraction, withExtractScan } from './extraction.ts';
import { FailedCommand, InterruptedCommand } from './failure.ts';
import { interruptible } from './interrupt.ts';
import type { Progress } from './progress.ts';
import { resultsOf } from './publication-text.ts';

interface RunRequest extends ScanOptions {
  readonly limit?: number;
  readonly progress: Progress;
  readonly tell: (event: ExtractEvent) => void;
}

interface FinishedRun {
  readonly end: RunEnd;
  /** Results of a batch were read. */
  readonly isRead: boolean;
  readonly tables: PublishedTables;
}

/** Where waves are run: by this process, or by the state machine of a stack. */
export interface Runner {
  readonly records: ScanContext;
  /** Throws where it is interrupted, and where it could not be done at all. */
  run(request: RunRequest): Promise<FinishedRun>;
}

export async function withRunner(
  command: Command,
  name: string | undefined,
  use: (runner: Runner, here: Here) => Promise<void>,
): Promise<void> {
  if (globalOptions(command).stack === undefined)
    return withExtraction(command, name, (records, here) =>
      use({ records, run: (request) => runHere(records, here, request) }, here),
    );
  return withExtractScan(command, name, (records, here) =>
    use({ records, run: (request) => runThere(records, here, request) }, here),
  );
}

async function runHere(
  opened: ExtractContext,
  { platform }: Here,
  { progress, tell, ...options }: RunRequest,
): Promise<FinishedRun> {
  let isRead = false;
  const context: ExtractContext = {
    ...opened,
    tell: (event) => {
      isRead ||= event.kind === 'processed';
      tell(event);
    },
  };
  const end = await interruptibleExtraction(context, {
    ...options,
    onWave: (wave) => progress.onWave(wave),
  });
  // What a provider does not let happen changes no table.
  const isPublished = !isStack(platform) && (isRead || !isFruitless(end));
  const published = isPublished ? await publishPagesLocally(platform, context) : undefined;
  return { end, isRead, tables: { kind: 'listed', results: published ? resultsOf(published) : [] } };
}

async function runThere(
  records: ScanContext,
  { platform, progress }: Here,
  { limit, tell, filter = {}, isOutdatedAsked = false }: RunRequest,
): Promise<FinishedRun> {
  if (!isStack(platform)) throw new TypeError('a stack was to be run on, and none is open');
  const { extractOnStack } = await import('../runtime/aws-extract-run.ts');
  const run = await interruptible((signal) =>
    extractOnStack(platform, records, {
      ...{ env: process.env, filter, isOutdatedAsked, tell, signal },
      ...(limit !== undefined && { limit }),
      onStart: (start) => progress.onExecution(start),
    }),
  );
  if (run.kind === 'failed') throw new FailedCommand(run.message);
  if (run.kind === 'aborted') throw new InterruptedCommand(run.message);
  // Of what a stack has read before it is not known here: it is told all the same.
  return { end: run.end, isRead: true, tables: { kind: 'counted', published: run.published } };
}

/** Ctrl-C ends it in order. `interrupted`: what is said then. */
export function interruptibleExtraction(
  context: ExtractContext,
  options: RunOptions,
  interrupted = 'interrupted: no page is lost, and jobs that were submitted go on; the next run takes them up',
): Promise<RunEnd> {
  return interruptible(async (signal) => {
    try {
      return await runExtraction({ ...context, signal }, options);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new InterruptedCommand(interrupted);
    }
  });
}
