import { workPrefix } from '../lake/layout.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import type { Platform } from '../platform.ts';
import type { RunSummary as Summary } from '../report/run-summary.ts';

/** A run in numbers, with what publish answered for each partition. */
export type RunSummary = Summary<PublishResult>;

export function summaryKey(runId: string): string {
  return `${workPrefix(runId)}summary.json`;
}

/** The summary that the stage `summarize` left; undefined before it ran. */
export async function readSummary(
  platform: Pick<Platform, 'lake'>,
  runId: string,
): Promise<RunSummary | undefined> {
  const stored = await platform.lake.get(summaryKey(runId));
  return stored && (JSON.parse(new TextDecoder().decode(stored.body)) as RunSummary);
}
