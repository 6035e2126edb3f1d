import { reportKey } from '../lake/layout.ts';
import { htmlReport } from '../report/html.ts';
import { markdownReport } from '../report/markdown.ts';
import { RunRegister } from '../work/run-register.ts';
import { readSummary } from './audit.ts';
import type { Platform } from './platform.ts';

/** Writes the run's report where people look for it, and ends the run. Nothing to tell where the audit itself broke. */
export async function report(
  platform: Platform,
  { runId }: { readonly runId: string },
): Promise<{ report: string | null }> {
  const summary = await readSummary(platform, runId);
  if (!summary) return { report: null };
  const markdown = markdownReport(summary);
  const encoder = new TextEncoder();
  await platform.lake.put(reportKey(runId, 'md'), encoder.encode(markdown), {
    contentType: 'text/markdown; charset=utf-8',
  });
  await platform.lake.put(reportKey(runId, 'html'), encoder.encode(htmlReport(summary)), {
    contentType: 'text/html; charset=utf-8',
  });
  const { source, status } = summary.run;
  await new RunRegister(platform.state).finish(source, runId, { status, at: platform.clock.now() });
  return { report: reportKey(runId, 'html') };
}
