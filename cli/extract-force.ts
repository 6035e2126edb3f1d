import type { Command } from 'commander';
import { stepsText } from '../core/advice/render.ts';
import { forcePages } from '../core/extract/operate-pages.ts';
import { pageKeyText, parsePageKey } from '../core/extract/page-key.ts';
import { adviseAt } from './advice.ts';
import { type ExtractionOption, withExtractRecords } from './extraction.ts';
import { UsageError } from './failure.ts';
import { printItems } from './json.ts';
import { cellText } from './print.ts';

export async function forceExtraction(
  keys: readonly string[],
  { extraction }: ExtractionOption,
  command: Command,
): Promise<void> {
  // All of them, or none.
  for (const key of keys) pageNamed(key);
  await withExtractRecords(command, extraction, async (records, { globals: { json, place } }) => {
    const answers = await forcePages(records, keys);
    const forced = answers.flatMap((each) => (each.kind === 'forced' ? [each] : []));
    const printed = forced.map(({ key, hasResult, isExhausted }) => ({
      ...{ page_key: key, has_result: hasResult, is_exhausted: isExhausted },
    }));
    if (json) return printItems(printed);
    for (const { key, hasResult, isExhausted } of forced) {
      const what = hasResult
        ? 'is read again by the next run; its result stays until then'
        : 'has no result: it is sent anyway, once it is labelled and runnable';
      console.log(`${cellText(key)} ${what}`);
      if (isExhausted) {
        const steps = adviseAt(place, { kind: 'exhausted-page', page: key, code: null });
        console.log(`  its tries are used up: ${cellText(stepsText(steps))}`);
      }
    }
  });
}

/** The key of a page as it is stored, or a usage error. */
export function pageNamed(text: string): string {
  const page = parsePageKey(text);
  if (typeof page === 'string')
    throw new UsageError(
      `${JSON.stringify(text)} names no page: ${page}`,
      'as in "Alabama:Larch Hill College:1852:2"',
    );
  return pageKeyText(page);
}
