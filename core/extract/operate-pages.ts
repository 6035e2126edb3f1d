import type { StateWrite } from '../ports/state-store.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';
import type { ExtractRecords } from './extract-context.ts';
import { pageChangeWrite } from './page-changes.ts';
import { pageKeyText, pageOfKey, parsePageKey } from './page-key.ts';
import { resultKeyOf } from './result-object.ts';
import { bookFilter, type ScanFilter } from './scan.ts';

/** What came of asking for a page again. */
export type ForceAnswer = { readonly key: string } & (
  | { readonly kind: 'no-page'; readonly reason: string }
  | {
      readonly kind: 'forced';
      /** False: it is sent anyway once it is labelled and runnable. */
      readonly hasResult: boolean;
      /** Its count is to be cleared before it is sent. */
      readonly isExhausted: boolean;
    }
);

/** Asks for pages again that have a result, which stays until the new one is valid. */
export async function forcePages(context: ExtractRecords, keys: readonly string[]): Promise<ForceAnswer[]> {
  const answers: ForceAnswer[] = [];
  for (const text of keys) {
    const page = parsePageKey(text);
    if (typeof page === 'string') {
      answers.push({ key: text, kind: 'no-page', reason: page });
      continue;
    }
    const key = pageKeyText(page);
    const hasResult = (await context.lake.head(resultKeyOf(page))) !== undefined;
    await context.pages.update(key, (before) =>
      before.isForced ? undefined : { ...before, isForced: true },
    );
    const { failures } = (await context.pages.get(key)).page;
    const isExhausted = failures >= context.settings.maxRetries;
    answers.push({ key, kind: 'forced', hasResult, isExhausted });
  }
  return answers;
}

/** A page whose count of failures is, or would be, cleared. */
export interface ClearedCount {
  readonly key: string;
  readonly failures: number;
}

/** Clears the counts of failures of the books that a filter leaves; what is logged of them stays. */
export async function clearFailureCounts(
  { pages, extraction }: ExtractRecords,
  filter: ScanFilter,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<ClearedCount[]> {
  const isChosen = bookFilter(filter);
  const cleared: ClearedCount[] = [];
  for await (const { key, page } of pages.list()) {
    if (page.failures === 0 || !isChosen(pageOfKey(key))) continue;
    let { failures } = page;
    if (!isDryRun)
      await pages.update(
        key,
        (before) => {
          ({ failures } = before);
          return failures === 0 ? undefined : { ...before, failures: 0 };
        },
        () => [pageChangeWrite(extraction.name, pageOfKey(key))],
      );
    if (failures > 0) cleared.push({ key, failures });
  }
  return cleared;
}

/** What a reset forgets: all that extraction knows but the results, which are in the lake. */
export interface ExtractionReset {
  readonly batches: number;
  /** Jobs that may be under way: their answers are lost, and their pages are paid for again. */
  readonly active: number;
  readonly pages: number;
  readonly failures: number;
  /** All documents, with those that only serve the others. */
  readonly documents: number;
}

const KINDS = ['active', 'members', 'batches', 'pages', 'failures', 'changes', 'progress', 'logged'] as const;

/** Counts, and unless it is a dry run removes, all documents of an extraction. */
export async function resetExtraction(
  { state, batches, extraction: { name } }: ExtractRecords,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<ExtractionReset> {
  const active = (await batches.active()).length;
  const counts = { batches: 0, pages: 0, failures: 0 };
  let documents = 0;
  let writes: StateWrite[] = [];
  const flush = async () => {
    if (!isDryRun && writes.length > 0) await state.write(writes);
    writes = [];
  };
  const remove = async (partition: string, sort: string) => {
    documents++;
    writes.push({ kind: 'delete', partition, sort });
    if (writes.length === MAX_WRITES) await flush();
  };
  for (const kind of KINDS)
    for await (const { partition, sort } of state.query(`extract-${kind}#${name}`)) {
      await remove(partition, sort);
      if (kind === 'batches' || kind === 'pages' || kind === 'failures') counts[kind]++;
    }
  if (await state.get('extract-waits', name)) await remove('extract-waits', name);
  await flush();
  return { ...counts, active, documents };
}
