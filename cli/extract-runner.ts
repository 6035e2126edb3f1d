import type { Command } from 'commander';
import type { ExtractContext, ScanContext } from '../core/extract/extract-context.ts';
import type { ExtractEvent } from '../core/extract/extract-event.ts';
import { type RunEnd, type RunOptions, runExtraction } from '../core/extract/run-extraction.ts';
import type { ScanOptions } from '../core/extract/scan-now.ts';
import { publishPagesLocally } from '../runtime/local-extraction.ts';
import { isStack } from '../runtime/platform-for.ts';
import { globalOptions } from './context.ts';
import type { PublishedTables } from './extract-run-end.ts';
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

/** Where waves are run: by this process, or by the state machine of a stack. */
export interface Runner {
  readonly records: ScanContext;
  /** Throws where it is interrupted, and where it could not be done at all. */
  run(request: RunRequest): Promise<{ readonly end: RunEnd; readonly tables: PublishedTables }>;
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
): ReturnType<Runner['run']> {
  const context: ExtractContext = { ...opened, tell };
  const end = await interruptibleExtraction(context, {
    ...options,
    onWave: (wave) => progress.onWave(wave),
  });
  const published = isStack(platform) ? undefined : await publishPagesLocally(platform, context);
  return { end, tables: { kind: 'listed', results: published ? resultsOf(published) : [] } };
}

async function runThere(
  records: ScanContext,
  { platform, progress }: Here,
  { limit, tell, filter = {}, isOutdatedAsked = false }: RunRequest,
): ReturnType<Runner['run']> {
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
  return { end: run.end, tables: { kind: 'counted', published: run.published } };
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
