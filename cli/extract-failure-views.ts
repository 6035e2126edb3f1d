import type { Command } from 'commander';
import type { ExtractRecords } from '../core/extract/extract-context.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import { type ExtractFailureOptions, exhaustedPages, extractFailures } from './extract-failure-filter.ts';
import { withExtractRecords } from './extraction.ts';
import { type List, number, printList, timeText } from './list.ts';

export interface ExtractFailureListOptions extends ExtractFailureOptions {
  /** Rows at most. */
  readonly top?: number;
}

/** Failed answers as rows of a table, most pages first. */
export type ExtractFailureView = (
  records: ExtractRecords,
  options: ExtractFailureListOptions,
) => Promise<Pick<List, 'columns' | 'rows'>>;

export const NO_FAILED_ANSWERS = 'no failed answers that match';

/** As the action of a command. */
export function printExtractView(view: ExtractFailureView) {
  return async (options: ExtractFailureListOptions, command: Command): Promise<void> => {
    await withExtractRecords(command, options.extraction, async (records, { globals }) => {
      const seen = await view(records, options);
      const rows = seen.rows.slice(0, options.top);
      printList({ ...seen, rows, none: NO_FAILED_ANSWERS }, { ...globals, ...options });
    });
  };
}

/** Failed answers of one page, error or place, without the answers themselves: there may be very many. */
class Sum {
  attempts = 0;
  readonly pages = new Set<string>();
  last: LoggedFailure | undefined;

  add(failure: LoggedFailure): void {
    this.attempts++;
    this.pages.add(failure.page);
    if (!this.last || failure.at >= this.last.at) this.last = failure;
  }
}

async function summed(
  records: ExtractRecords,
  options: ExtractFailureOptions,
  nameOf: (failure: LoggedFailure) => string,
): Promise<[name: string, sum: Sum][]> {
  const sums = new Map<string, Sum>();
  for await (const failure of extractFailures(records, options)) {
    const name = nameOf(failure);
    const sum = sums.get(name) ?? new Sum();
    sum.add(failure);
    sums.set(name, sum);
  }
  return [...sums].sort(([a, one], [b, other]) => other.pages.size - one.pages.size || (a < b ? -1 : 1));
}

export const extractSummary: ExtractFailureView = async (records, options) => {
  const { extraction } = records;
  const [all] = await summed(records, options, () => extraction.name);
  const exhausted = await exhaustedPages(records, options);
  let retrying = 0;
  for (const page of all?.[1].pages ?? []) {
    const { failures, result } = (await records.pages.get(page)).page;
    if (failures > 0 && !exhausted.has(page) && result === null) retrying++;
  }
  return {
    columns: [
      { name: 'extraction' },
      { name: 'attempts', title: 'failed answers', ...number },
      { name: 'pages', ...number },
      { name: 'retrying', ...number },
      { name: 'exhausted', ...number },
      { name: 'last_failed_at', title: 'last failed' },
    ],
    rows: all
      ? [
          {
            ...{ extraction: extraction.name, attempts: all[1].attempts, pages: all[1].pages.size },
            ...{ retrying, exhausted: exhausted.size, last_failed_at: timeText(all[1].last?.at) },
          },
        ]
      : [],
  };
};

export const byExtractError: ExtractFailureView = async (records, options) => {
  const sums = await summed(records, options, ({ code }) => code);
  return {
    columns: [
      { name: 'error_type', title: 'error' },
      { name: 'attempts', ...number },
      { name: 'pages', ...number },
      { name: 'last_failed_at', title: 'last failed' },
      { name: 'error_message', title: 'latest message' },
    ],
    rows: sums
      .sort(([, one], [, other]) => other.attempts - one.attempts)
      .map(([code, { attempts, pages, last }]) => ({
        ...{ error_type: code, attempts, pages: pages.size },
        ...{ last_failed_at: timeText(last?.at), error_message: last?.message ?? null },
      })),
  };
};

export const byState: ExtractFailureView = (records, options) => byPlace(records, options, ['state']);
export const bySchool: ExtractFailureView = (records, options) =>
  byPlace(records, options, ['state', 'school']);

async function byPlace(
  records: ExtractRecords,
  options: ExtractFailureOptions,
  names: readonly string[],
): ReturnType<ExtractFailureView> {
  const sums = await summed(records, options, ({ page }) => page.split(':').slice(0, names.length).join(':'));
  const exhausted = await exhaustedPages(records, options);
  return {
    columns: [
      ...names.map((name) => ({ name })),
      { name: 'pages', ...number },
      { name: 'attempts', ...number },
      { name: 'exhausted', ...number },
      { name: 'last_failed_at', title: 'last failed' },
    ],
    rows: sums.map(([place, { attempts, pages, last }]) => ({
      ...Object.fromEntries(place.split(':').map((part, at) => [names[at], part])),
      ...{ pages: pages.size, attempts, exhausted: [...pages].filter((page) => exhausted.has(page)).length },
      last_failed_at: timeText(last?.at),
    })),
  };
}
