import type { PageKey } from '../ports/page-library.ts';
import type { ScanContext } from './extract-context.ts';
import { RunMemory } from './run-memory.ts';
import { noCounts, type ScanCounts } from './scan.ts';
import { type ScanOptions, scanNow, withImage } from './scan-now.ts';

/** What the first wave of a run would send. */
export interface RunPlan {
  /** Every labelled page; only of those that would be sent is the image looked for. */
  readonly counts: ScanCounts;
  readonly batches: readonly (readonly PageKey[])[];
  /** Batches that are in flight now. */
  readonly active: number;
}

/** `limit`: pages at most. Asks no provider and changes nothing. */
export async function planRun(
  context: ScanContext,
  { limit = Number.POSITIVE_INFINITY, ...options }: ScanOptions & { readonly limit?: number | undefined },
): Promise<RunPlan> {
  const { batchSize, maxConcurrentBatches } = context.settings;
  const active = (await context.batches.activeIds()).length;
  const most = Math.min(limit, batchSize * Math.max(0, maxConcurrentBatches - active));
  const memory = new RunMemory();
  const counts = noCounts();
  const sent: PageKey[] = [];
  const { decisions } = await scanNow(context, options, memory);
  for (const scanned of decisions) {
    const decision = sent.length < most ? await withImage(context, scanned, memory) : scanned;
    counts[decision.reason]++;
    if (decision.reason === 'runnable' && sent.length < most) sent.push(decision.page);
  }
  const batches: PageKey[][] = [];
  for (let at = 0; at < sent.length; at += batchSize) batches.push(sent.slice(at, at + batchSize));
  return { counts, batches, active };
}
