import { type Platform, sourceNamed } from '../core/platform.ts';
import { nothingDueText } from '../core/run/nothing-due.ts';
import { plannedTargets } from '../core/run/planned-targets.ts';
import type { RunSummary } from '../core/run/stored-summary.ts';
import type { RunInput } from '../core/state/run-store.ts';
import type { EnrichmentEnd } from './local-enrichment.ts';

/** A partition whose publish failed for good, and the error that it failed with. */
export interface BrokenPartition {
  readonly name: string;
  readonly message: string;
}

/** How a run ended, here or in a stack. */
export type RunEnd =
  | {
      readonly kind: 'finished';
      readonly runId: string;
      readonly summary: RunSummary;
      readonly problems: readonly BrokenPartition[];
      readonly report: string | null;
      /** Of a source whose records are enriched, here; in a stack functions do that by themselves. */
      readonly enrichment?: EnrichmentEnd;
    }
  | { readonly kind: 'failed'; readonly runId: string; readonly message: string }
  /** No target is due: nothing was asked, and nothing is on record of the run. */
  | { readonly kind: 'nothing-due'; readonly runId: string; readonly message: string }
  /** By the signal; `message` says what becomes of the run. */
  | { readonly kind: 'aborted'; readonly runId: string; readonly message: string };

/** How a run ends that found nothing to do: what it left as it is, and until when. */
export async function nothingDue(
  platform: Pick<Platform, 'sources' | 'state' | 'clock'>,
  { runId, ...asked }: RunInput,
): Promise<RunEnd> {
  // Not a plan: the run may have crossed midnight, and is told of all the same.
  const source = sourceNamed(platform, asked.source);
  const { leftOut } = await plannedTargets(platform, source, asked);
  return { kind: 'nothing-due', runId, message: nothingDueText(source, leftOut) };
}

/** What an execution gives back where plan found nothing to do. */
export function isNothingDue(output: unknown): boolean {
  return typeof output === 'object' && output !== null && 'nothingDue' in output;
}
