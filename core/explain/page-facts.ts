import { NO_PAGES, pageDays } from '../completeness/extraction-days.ts';
import type { PagesOfDay } from '../completeness/pages-of-day.ts';
import { type BatchStateName, isActive } from '../extract/batch.ts';
import { BatchStore } from '../extract/batch-store.ts';
import { FailureLog, type LoggedFailure } from '../extract/failure-log.ts';
import { pageChangesOf } from '../extract/page-changes.ts';
import { pageKeyText, pageOfAddress, pageOfItem } from '../extract/page-key.ts';
import { type PageState, PageStore } from '../extract/page-store.ts';
import { resultKeyOf } from '../extract/result-object.ts';
import { readCurrent, unlessCorrupt } from '../lake/manifest.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import type { PageKey } from '../ports/page-library.ts';
import { extractionOf } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';

/** What is known of one page. */
export interface PageFacts {
  /** By its true names: `Alabama:St. Mary's:1851:4`. */
  readonly key: string;
  readonly hasResult: boolean;
  /** True where it was sent or forced at some time, or failed. */
  readonly isOnRecord: boolean;
  readonly record: PageState;
  /** The batch that has it now. */
  readonly batch: { readonly id: string; readonly state: BatchStateName } | null;
  /** The page before it, where that is labelled and has no result. */
  readonly waitsFor: number | null;
  /** Its last failures, oldest first. */
  readonly failures: readonly LoggedFailure[];
  readonly isUnpublished: boolean;
}

/** Of a table of pages that a model reads: what is known beside the last publication of the partition. */
export interface WhyPages extends PagesOfDay {
  /** Null where the question is about the whole partition, or nobody knows a page of that name. */
  readonly page: PageFacts | null;
}

type Records = Pick<Platform, 'state' | 'lake'>;

/** Failures of a page that are told. */
const MOST_FAILURES = 10;

/**
 * Undefined for any other table. `asked`: the page of the item by its true names, which its id alone may not
 * tell before it is published.
 */
export async function pageFacts(
  { state, lake }: Records,
  source: Source,
  partition: Partition,
  item: string | null,
  asked?: PageKey,
): Promise<WhyPages | undefined> {
  const name = extractionOf(source);
  const days = await pageDays(state, source, partition);
  if (name === undefined || !days) return undefined;
  const known = days.get(partition.value)?.get(partition.date);
  const day = known ?? NO_PAGES;
  if (item === null) return { ...day, page: null };
  // The answer tells what is wrong with it.
  const current = await readCurrent(lake, source.table, partition).catch(unlessCorrupt);
  const items = current?.descriptor.items ?? [];
  const url = items.find(({ id }) => id === item)?.url;
  const page =
    asked ?? (url === undefined ? pageOfItem(partition.value, partition.date, item) : pageOfAddress(url));
  const facts = page && (await factsOf({ state, lake }, name, partition, page, items));
  const isKnown = facts && (url !== undefined || facts.hasResult || facts.isOnRecord);
  return { ...day, page: isKnown ? facts : null };
}

async function factsOf(
  { state, lake }: Records,
  extraction: string,
  partition: Partition,
  page: PageKey,
  items: VersionDescriptor['items'],
): Promise<PageFacts> {
  const key = pageKeyText(page);
  const { page: record, revision } = await new PageStore(state, extraction).get(key);
  const batch = record.batch === null ? undefined : await new BatchStore(state, extraction).get(record.batch);
  const before = { ...page, page: page.page - 1 };
  const isLabelled = items.some(({ url }) => {
    const other = pageOfAddress(url);
    return other !== undefined && pageKeyText(other) === pageKeyText(before);
  });
  const hasResult = async (one: PageKey) => (await lake.head(resultKeyOf(one))) !== undefined;
  const changes = await Array.fromAsync(pageChangesOf(state, extraction, partition));
  const failures = await Array.fromAsync(new FailureLog(state, extraction).of(key));
  return {
    key,
    isOnRecord: revision > 0,
    hasResult: await hasResult(page),
    record,
    batch: batch && isActive(batch.batch) ? { id: batch.batch.id, state: batch.batch.state } : null,
    waitsFor: isLabelled && !(await hasResult(before)) ? before.page : null,
    failures: failures.slice(-MOST_FAILURES),
    isUnpublished: changes.some((change) => pageKeyText(change.page) === key),
  };
}
