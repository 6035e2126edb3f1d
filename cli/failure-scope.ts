import { type Command, Option } from 'commander';
import { parsePageKey } from '../core/extract/page-key.ts';
import {
  type BookFilterOptions,
  type ExtractionOption,
  withBookFilter,
  withExtractionOption,
  withExtractRecords,
} from './extraction.ts';
import { UsageError } from './failure.ts';
import { counted } from './list.ts';

/** Items that were scraped, or pages that a model read: whose failures are meant. */
const SCOPES = ['scraping', 'extraction'] as const;
type FailureScope = (typeof SCOPES)[number];

export interface FailureScopeOptions extends BookFilterOptions, ExtractionOption {
  readonly only?: FailureScope;
}

/** Adds `--only`, and the options that only failures of pages have. */
export function withFailureScope(command: Command): Command {
  const only = new Option('--only <what>', 'items of sources, or pages of an extraction').choices([
    ...SCOPES,
  ]);
  return withExtractionOption(withBookFilter(command.addOption(only)));
}

const OF_SCRAPING = ['source', 'target', 'start', 'end', 'state'];
const OF_EXTRACTION = ['states', 'schools', 'yearStart', 'yearEnd', 'extraction'];

/**
 * Which of the two is meant: what `--only` says, or the other options tell, some of which only one of them
 * has. Undefined where nothing is said. `isExtraction`: there is more that says so.
 */
export function failureScopeOf(
  { only }: FailureScopeOptions,
  command: Command,
  isExtraction = false,
): FailureScope | undefined {
  const given = (names: readonly string[]) =>
    names.find((name) => command.getOptionValueSource(name) === 'cli');
  const ofScraping = given(OF_SCRAPING);
  const ofExtraction = given(OF_EXTRACTION) ?? (isExtraction ? 'all' : undefined);
  const scope = only ?? (ofExtraction ? 'extraction' : ofScraping ? 'scraping' : undefined);
  const wrong = scope === 'extraction' ? ofScraping : scope === 'scraping' ? ofExtraction : undefined;
  if (wrong === undefined) return scope;
  const flag = command.options.find((option) => option.attributeName() === wrong)?.long;
  const [is, other] = scope === 'extraction' ? ['sources', 'pages'] : ['pages', 'sources'];
  throw new UsageError(
    `${flag} is about failures of ${is}, and the rest about those of ${other}`,
    'choose one',
  );
}

/** True for what names a page rather than an item. */
export function isPageName(text: string): boolean {
  return !text.includes('/') && typeof parsePageKey(text) === 'object';
}

/** A note where pages failed, too; true where there is one. */
export async function tellExtractFailures(command: Command): Promise<boolean> {
  return withExtractRecords(command, undefined, async ({ failures, extraction }) => {
    let logged = 0;
    for await (const _ of failures.list()) logged++;
    if (logged > 0)
      console.error(
        `note: ${counted(logged, 'answer')} of the extraction ${extraction.name} failed, too: --only extraction has them, --only scraping leaves them out`,
      );
    return logged > 0;
  });
}
