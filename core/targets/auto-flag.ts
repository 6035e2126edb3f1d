import { autoFlagged } from './flags.ts';
import type { TargetRecord } from './target.ts';

/** How many walls, and how many pages that were not found, flag a target. */
export interface AutoFlagThresholds {
  readonly blocks: number;
  readonly notFound: number;
}

/** What was tried at a target and counts towards a flag: in all, not in a row. Time-outs never do. */
export interface CountedAttempts {
  readonly blocks: number;
  readonly notFound: number;
}

/** Why a target is to be flagged; undefined where it has not met enough. Walls are told first. */
export function autoFlagReason(
  { blocks, notFound }: CountedAttempts,
  thresholds: AutoFlagThresholds,
): string | undefined {
  if (blocks >= thresholds.blocks) return `auto_flag_${thresholds.blocks}_blocks`;
  if (notFound >= thresholds.notFound) return `auto_flag_${thresholds.notFound}_not_found`;
  return undefined;
}

/** The attempts of a target that are not flagged yet are those since this moment; milliseconds, 0: all. */
export function countsSince({ unflaggedAt }: Pick<TargetRecord, 'unflaggedAt'>): number {
  return unflaggedAt ?? 0;
}

/**
 * Flags a target for what was counted when its record was `counted`. One that has been flagged by anybody
 * since, or whose flag has been lifted, stays as it is: the count is no longer true.
 */
export function autoFlaggedAfter(
  record: TargetRecord,
  counted: Pick<TargetRecord, 'unflaggedAt'>,
  request: { readonly reason: string; readonly actor: string; readonly at: number },
): TargetRecord {
  return record.unflaggedAt === counted.unflaggedAt ? autoFlagged(record, request) : record;
}
