import { workPrefix } from '../lake/layout.ts';
import type { PublishResult } from '../lake/publish-result.ts';
import { parseStored } from '../lake/stored-json.ts';
import type { Platform } from '../platform.ts';
import type { RunSummary as Summary } from '../report/run-summary.ts';

/** A run in numbers, with what publish answered for each partition. */
export type RunSummary = Summary<PublishResult>;

export function summaryKey(runId: string): string {
  return `${workPrefix(runId)}summary.json`;
}

/** The summary that the stage `summarize` left; undefined before it ran. Throws a CorruptLakeError. */
export async function readSummary(
  platform: Pick<Platform, 'lake'>,
  runId: string,
): Promise<RunSummary | undefined> {
  const key = summaryKey(runId);
  const stored = await platform.lake.get(key);
  return stored && parseStored<RunSummary>(key, stored.body);
}
