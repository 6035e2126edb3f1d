import { reportKey } from '../lake/layout.ts';
import type { Platform } from '../platform.ts';
import { runReport } from '../report/run-report.ts';
import { writeReport } from '../report/write-report.ts';
import { RunStore } from '../state/run-store.ts';
import { type RunSummary, readSummary } from './summarize.ts';

/** Bytes of a notification; SNS takes 256 KB, and nobody reads more than this in a mail. */
const MAX_TEXT = 64 * 1024;

/**
 * Writes the run's report where people look for it, tells them where the run was not whole, and ends the run.
 * Nothing to tell where the summary stage itself broke. Called again after that it tells nobody a second
 * time.
 */
export async function report(
  platform: Platform,
  { runId }: { readonly runId: string },
): Promise<{ report: string | null }> {
  const summary = await readSummary(platform, runId);
  if (!summary) return { report: null };
  const markdown = await writeReport(platform.lake, runId, runReport(summary));
  const { source, status } = summary.run;
  const runs = new RunStore(platform.state);
  if (platform.notifier && status !== 'succeeded' && (await runs.get(source, runId))?.status === 'running') {
    await platform.notifier.notify({
      subject: subjectOf(summary),
      text: `${markdown.slice(0, MAX_TEXT)}\n\n${platform.lake.uri(reportKey(runId, 'html'))}\n`,
    });
  }
  await runs.finish(source, runId, { status, at: platform.clock.now() });
  return { report: reportKey(runId, 'html') };
}

/** Source names and dates are ASCII and short: always within the 100 characters of a subject. */
function subjectOf({ run }: RunSummary): string {
  return `Rescrape ${run.source} ${run.window_start} to ${run.window_end}: ${run.status}`;
}
