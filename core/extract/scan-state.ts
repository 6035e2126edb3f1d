import type { PageKey } from '../ports/page-library.ts';
import type { Tokens } from './batch.ts';
import type { ExtractRecords } from './extract-context.ts';
import { pageKeyText } from './page-key.ts';
import { RESULTS, resultKeyOf, resultsOf } from './result-object.ts';
import type { PageResult, ScanState } from './scan.ts';

/** Of a page's record what a scan asks for: there may be hundreds of thousands. */
interface KnownPage {
  readonly failures: number;
  readonly batch: string | null;
  readonly isForced: boolean;
  readonly result: PageResult | undefined;
  readonly used: UsedByPage | undefined;
  readonly revision: number;
}

/** What the answer cost that is the result of a page; null where that is not known. */
export interface UsedByPage {
  readonly tokens: Tokens | null;
  /** US dollars. */
  readonly costUsd: number | null;
}

/** What is known of pages now, for a scan and for the claims that follow from it. */
export interface KnownPages extends Omit<ScanState, 'hasImage'> {
  /** Of the record of a page when it was read; 0 where it has none. */
  revision(page: PageKey): number;
  /** Undefined where this machine made no result of the page. */
  used(page: PageKey): UsedByPage | undefined;
}

/**
 * Reads records, then which batches are active, then results. In that order a page whose batch ended in
 * between is never taken for one that may be sent: its result is seen, or its record has changed and the
 * claim fails. `states`: those that are asked for; empty for all.
 */
export async function readKnownPages(
  context: ExtractRecords,
  states: readonly string[] = [],
): Promise<KnownPages> {
  const { pages, batches, lake } = context;
  const known = new Map<string, KnownPage>();
  const shared = new Map<string, PageResult>();
  for (const state of states.length > 0 ? states : [undefined]) {
    for await (const { key, page, revision } of pages.list(state)) {
      const { failures, batch, isForced, result } = page;
      known.set(key, {
        failures,
        batch,
        isForced,
        result: result ? one(shared, result) : undefined,
        used: result ? { tokens: result.tokens, costUsd: result.costUsd } : undefined,
        revision,
      });
    }
  }
  const active = new Set(await batches.activeIds());
  const results = new Set<string>();
  for (const folder of states.length > 0 ? states.map(resultsOf) : [RESULTS])
    for await (const { key } of lake.list(folder)) results.add(key);
  return {
    used: (page) => known.get(pageKeyText(page))?.used,
    revision: (page) => known.get(pageKeyText(page))?.revision ?? 0,
    result: (page) =>
      results.has(resultKeyOf(page)) ? (known.get(pageKeyText(page))?.result ?? UNKNOWN) : undefined,
    record: (page) => {
      const record = known.get(pageKeyText(page));
      if (!record) return undefined;
      const { failures, batch, isForced } = record;
      return { failures, isForced, isInFlight: batch !== null && active.has(batch) };
    },
  };
}

/** A result that nothing is known of but that it is there. */
const UNKNOWN: PageResult = {};

/** One value for all pages of one model and prompt. */
function one(shared: Map<string, PageResult>, { model, promptVersion }: PageResult): PageResult {
  const name = `${model} ${promptVersion}`;
  const known = shared.get(name) ?? { model, promptVersion };
  shared.set(name, known);
  return known;
}
