import type { PageKey } from '../ports/page-library.ts';
import type { LabelledPages } from './labelled-pages.ts';
import type { BookKey } from './page-key.ts';

/** Why a page is sent or not, in the order in which they are asked; the first that holds is the reason. */
export const SCAN_REASONS = [
  'filtered',
  'done',
  'in flight',
  'exhausted',
  'waits',
  'no image',
  'runnable',
] as const;
export type ScanReason = (typeof SCAN_REASONS)[number];

/** Pages by the reason of their decision. */
export type ScanCounts = Readonly<Record<ScanReason, number>>;

export function noCounts(): Record<ScanReason, number> {
  return Object.fromEntries(SCAN_REASONS.map((reason) => [reason, 0])) as Record<ScanReason, number>;
}

export interface ScanDecision {
  readonly page: PageKey;
  readonly reason: ScanReason;
}

/** What is known of pages when a scan begins. */
export interface ScanState {
  /** The result that is there; it counts by being there. Undefined where there is none. */
  result(page: PageKey): PageResult | undefined;
  /** Undefined where a page never failed, is in no batch and is not forced. */
  record(page: PageKey): PageRecord | undefined;
  /** Asked for pages that could be sent otherwise, and for no others. */
  hasImage(page: PageKey): boolean;
}

/** Both undefined where the result does not say, as one that a person put there. */
export interface PageResult {
  readonly model?: string | undefined;
  readonly promptVersion?: string | undefined;
}

export interface PageRecord {
  /** Counted failures since they were cleared last. */
  readonly failures: number;
  /** True exactly while a batch that is active has it. */
  readonly isInFlight: boolean;
  /** A person asked for it again although it has a result. */
  readonly isForced: boolean;
}

export interface ScanRules {
  readonly filter: ScanFilter;
  /** So many failures end the tries of a page; 0 ends them all. */
  readonly maxRetries: number;
  /** Results of another model or prompt than these are asked for again. @default none are */
  readonly outdatedUnless?: { readonly model: string; readonly promptVersion: string };
}

/** Books to be read; what is left out or empty means all. Names are the true ones, to the letter. */
export interface ScanFilter {
  readonly states?: readonly string[];
  readonly schools?: readonly string[];
  /** Both included. */
  readonly yearStart?: number | undefined;
  readonly yearEnd?: number | undefined;
}

/**
 * One decision for each labelled page, in book order, made as they are read. A page waits for the one before
 * it where that is labelled and has no result; a forced or outdated one has a result all the while.
 */
export function* scanPages(
  labelled: LabelledPages,
  state: ScanState,
  rules: ScanRules,
): Generator<ScanDecision, void> {
  const isChosen = bookFilter(rules.filter);
  for (const { book, pages } of labelled.books()) {
    const isFiltered = !isChosen(book);
    let before: { readonly page: number; readonly hasResult: boolean } | undefined;
    for (const number of pages) {
      const page: PageKey = { ...book, page: number };
      if (isFiltered) {
        yield { page, reason: 'filtered' };
        continue;
      }
      const result = state.result(page);
      const waits = before?.page === number - 1 && !before.hasResult;
      yield { page, reason: reasonOf(page, result, waits, state, rules) };
      before = { page: number, hasResult: result !== undefined };
    }
  }
}

function reasonOf(
  page: PageKey,
  result: PageResult | undefined,
  waits: boolean,
  state: ScanState,
  { maxRetries, outdatedUnless }: ScanRules,
): ScanReason {
  const record = state.record(page);
  const isAskedAgain = record?.isForced || (result && isOutdated(result, outdatedUnless));
  if (result && !isAskedAgain) return 'done';
  if (record?.isInFlight) return 'in flight';
  if ((record?.failures ?? 0) >= maxRetries) return 'exhausted';
  if (waits) return 'waits';
  return state.hasImage(page) ? 'runnable' : 'no image';
}

function isOutdated(result: PageResult, wanted: ScanRules['outdatedUnless']): boolean {
  const differs = (has: string | undefined, wants: string) => has !== undefined && has !== wants;
  return (
    wanted !== undefined &&
    (differs(result.model, wanted.model) || differs(result.promptVersion, wanted.promptVersion))
  );
}

/** True for the books that a filter leaves. */
export function bookFilter(filter: ScanFilter): (book: BookKey) => boolean {
  const states = new Set(filter.states);
  const schools = new Set(filter.schools);
  const { yearStart = Number.NEGATIVE_INFINITY, yearEnd = Number.POSITIVE_INFINITY } = filter;
  return ({ state, school, year }) =>
    (states.size === 0 || states.has(state)) &&
    (schools.size === 0 || schools.has(school)) &&
    year >= yearStart &&
    year <= yearEnd;
}

/** `waits for page 3`; the other reasons as they are. */
export function reasonText({ page, reason }: ScanDecision): string {
  return reason === 'waits' ? `waits for page ${page.page - 1}` : reason;
}

export interface Scan {
  /** The first runnable pages, in book order. */
  readonly batch: readonly PageKey[];
  readonly counts: ScanCounts;
}

/** Reads all decisions and keeps the pages of the next batch: at most `batchSize`. */
export function nextBatch(decisions: Iterable<ScanDecision>, batchSize: number): Scan {
  const batch: PageKey[] = [];
  const counts = noCounts();
  for (const { page, reason } of decisions) {
    counts[reason]++;
    if (reason === 'runnable' && batch.length < batchSize) batch.push(page);
  }
  return { batch, counts };
}
