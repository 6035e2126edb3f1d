import { reportKey } from '../lake/layout.ts';
import type { Platform } from '../platform.ts';
import { runReport } from '../report/run-report.ts';
import { writeReport } from '../report/write-report.ts';
import { type RunInput, RunStore } from '../state/run-store.ts';
import { type Problem, problemText } from '../workflow/problem.ts';
import { isOfAnother } from './begun-run.ts';
import { type RunSummary, readSummary } from './stored-summary.ts';

/** Bytes of a notification; SNS takes 256 KB, and nobody reads more than this in a mail. */
const MAX_TEXT = 64 * 1024;

/** What the execution knows of its run. `problem`: what kept it from its way. */
export interface ReportInput extends RunInput {
  readonly problem?: Problem;
}

/**
 * Writes the run's report where people look for it, tells them where the run was not whole, and ends the run.
 * Where there is no summary, because a stage before it broke, the run ends as failed. Called again after that
 * it tells nobody a second time.
 */
export async function report(
  platform: Platform,
  input: ReportInput,
  execution?: string,
): Promise<{ report: string | null }> {
  const { runId, problem } = input;
  const summary = await readSummary(platform, runId);
  if (!summary) {
    if (problem) await endFailed(platform, input, problem, execution);
    return { report: null };
  }
  const markdown = await writeReport(platform.lake, runId, runReport(summary));
  const { source, status } = summary.run;
  const runs = new RunStore(platform.state);
  if (platform.notifier && status !== 'succeeded' && (await runs.get(source, runId))?.status === 'running') {
    await platform.notifier.notify({
      subject: subjectOf(summary),
      text: `${markdown.slice(0, MAX_TEXT)}\n\n${platform.lake.uri(reportKey(runId, 'html'))}\n`,
    });
  }
  // A child that failed may not have come to put on record what it fetched.
  const unrecorded = summary.partitions.some(({ result }) => result === 'broken');
  await runs.finish(source, runId, { status, at: platform.clock.now(), unrecorded });
  return { report: reportKey(runId, 'html') };
}

/**
 * Ends a run that came to no summary. One that failed before it was on record is put there, so that it can be
 * told of and run again; an input that was refused is no run.
 */
async function endFailed(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  { problem: _, ...input }: ReportInput,
  problem: Problem,
  execution: string | undefined,
): Promise<void> {
  const runs = new RunStore(state);
  const { source, runId } = input;
  const run =
    problem.Error === 'BadInput'
      ? await runs.get(source, runId)
      : await runs.begin(input, clock.now(), execution);
  if (!run || isOfAnother(run, execution)) return;
  const message = problemText(problem);
  await runs.finish(source, runId, { status: 'failed', at: clock.now(), message, unrecorded: true });
}

/** Source names and dates are ASCII and short: always within the 100 characters of a subject. */
function subjectOf({ run }: RunSummary): string {
  return `Rescrape ${run.source} ${run.window_start} to ${run.window_end}: ${run.status}`;
}
