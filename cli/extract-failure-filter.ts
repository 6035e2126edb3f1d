import type { ExtractRecords } from '../core/extract/extract-context.ts';
import { EXTRACTION_FAILURES, type ExtractionFailureCode } from '../core/extract/extraction-failure.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import { pageOfKey } from '../core/extract/page-key.ts';
import { bookFilter } from '../core/extract/scan.ts';
import { type BookFilterOptions, bookFilterOf, type ExtractionOption } from './extraction.ts';
import { oneOf } from './filter.ts';
import type { ListOptions } from './list.ts';

export interface ExtractFailureOptions extends BookFilterOptions, ExtractionOption, ListOptions {
  readonly code?: string;
}

const CODES = Object.keys(EXTRACTION_FAILURES) as ExtractionFailureCode[];

/** Failed answers of the books that are asked for, as they are read: by page, each oldest first. */
export async function* extractFailures(
  { failures }: ExtractRecords,
  options: ExtractFailureOptions,
): AsyncGenerator<LoggedFailure> {
  const filter = bookFilterOf(options);
  const isChosen = bookFilter(filter);
  const code = oneOf('error type', CODES, options.code);
  for (const state of statesOf(filter.states))
    for await (const failure of failures.list(state))
      if ((!code || failure.code === code) && isChosen(pageOfKey(failure.page))) yield failure;
}

/** Keys of the pages whose tries are used up and that have no result of this machine. */
export async function exhaustedPages(
  { pages, settings }: ExtractRecords,
  options: BookFilterOptions,
): Promise<Set<string>> {
  const filter = bookFilterOf(options);
  const isChosen = bookFilter(filter);
  const exhausted = new Set<string>();
  for (const state of statesOf(filter.states))
    for await (const { key, page } of pages.list(state)) {
      const isOver = page.failures > 0 && page.failures >= settings.maxRetries && page.result === null;
      if (isOver && isChosen(pageOfKey(key))) exhausted.add(key);
    }
  return exhausted;
}

/** Each once: of one state no others are read. */
function statesOf(states: readonly string[] = []): readonly (string | undefined)[] {
  return states.length > 0 ? [...new Set(states)] : [undefined];
}
