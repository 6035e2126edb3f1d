import { advise } from '../core/advice/advise.ts';
import type { Batch } from '../core/extract/batch.ts';
import type { RunEnd } from '../core/extract/run-extraction.ts';
import type { ScanCounts } from '../core/extract/scan.ts';
import { namesText } from '../core/wording/names.ts';
import type { StackPublication } from '../runtime/aws-extract-run.ts';
import { emptyLibrary } from './extraction.ts';
import { FailedCommand, IncompleteCommand } from './failure.ts';
import { counted } from './list.ts';
import type { resultsOf } from './publication-text.ts';

/** What became of the tables: of each partition here, in numbers where a stack published them. */
export type PublishedTables =
  | { readonly kind: 'listed'; readonly results: ReturnType<typeof resultsOf> }
  /** Null where nothing was to be published. */
  | { readonly kind: 'counted'; readonly published: StackPublication | null };

export function tablesText(tables: PublishedTables): string {
  if (tables.kind === 'counted' && tables.published === null) return 'nothing was to be published';
  const [committed, partitions] =
    tables.kind === 'listed'
      ? [tables.results.filter(({ status }) => status === 'committed').length, tables.results.length]
      : [tables.published?.results.committed ?? 0, tables.published?.partitions ?? 0];
  const by = tables.kind === 'counted' ? ' by the last publication' : '';
  return `${counted(committed, 'partition')} of ${partitions} looked at committed${by}`;
}

/** Throws where a partition could not become what its results say; the next run tries again. */
export function refuseUnpublished(tables: PublishedTables): void {
  if (tables.kind === 'counted') {
    const { failed = 0, held = 0 } = tables.published?.results ?? {};
    const next = advise({ kind: 'unpublished-pages' });
    if (failed > 0) throw new FailedCommand(`${counted(failed, 'partition')} could not be published`, next);
    if (held > 0) throw new IncompleteCommand(`${counted(held, 'partition')} held`, next);
    return;
  }
  const failed = tables.results.find(({ status }) => status === 'failed');
  if (failed) throw new FailedCommand(`${failed.name} could not be published: ${failed.reason}`);
  const held = tables.results.find(({ status }) => status === 'held');
  if (held) throw new IncompleteCommand(`${held.name} is held: ${held.reason}`);
}

/** True where nothing could be sent: the command ends with 1, and says why. */
export function isFruitless({ kind, sent, leftOut }: RunEnd): boolean {
  return kind === 'refused' || kind === 'delayed' || (sent.pages === 0 && leftOut.length > 0);
}

/** Throws unless every page that was asked for has a result. */
export function refuseUnread(
  { kind, refused, sent, leftOut }: RunEnd,
  counts: ScanCounts,
  active: readonly Batch[],
): void {
  const again = 'give the same command again later; no page is lost';
  if (kind === 'refused')
    throw new FailedCommand(
      `the provider refuses what it is sent: ${refused}`,
      advise({ kind: 'refused-by-provider' }),
    );
  if (kind === 'delayed')
    throw new FailedCommand('the provider could not be reached, again and again', again);
  if (kind === 'finished' && sent.pages === 0 && leftOut.length > 0)
    throw new FailedCommand(`no page could be sent: ${leftOut[0]!.page}: ${leftOut[0]!.reason}`, again);
  if (kind === 'stuck') {
    const without = active.filter(({ state }) => state === 'without-results');
    const ids = namesText(
      (without.length > 0 ? without : active).map(({ id }) => id),
      3,
    );
    if (without.length === 0)
      throw new FailedCommand(
        `nobody can go on with ${counted(active.length, 'batch', 'batches')} (${ids}): the lines above say why`,
        advise({ kind: 'refused-by-provider' }),
      );
    throw new IncompleteCommand(
      `${counted(without.length, 'batch', 'batches')} without results, though paid for: ${ids}`,
      advise({ kind: 'batch-without-results', id: without[0]!.id }),
    );
  }
  const { done, filtered, ...others } = counts;
  const unread = Object.values(others).reduce((sum, each) => sum + each, 0);
  if (done + unread === 0 && filtered === 0) throw emptyLibrary();
  if (unread === 0) return;
  const text = `${counted(unread, 'page')} of ${done + unread} without a result`;
  throw new IncompleteCommand(text, advise({ kind: kind === 'held' ? 'held-pages' : 'unread-pages' }));
}
