import { parsePageKey } from '../../../core/extract/page-key.ts';
import type { PageRecord, PageResult, ScanRules } from '../../../core/extract/scan.ts';
import type { PageKey } from '../../../core/ports/page-library.ts';

/** A library and what is known of its pages, by their names. */
export interface Situation {
  readonly labels: readonly string[];
  readonly results: ReadonlyMap<string, PageResult>;
  readonly records: ReadonlyMap<string, PageRecord>;
  readonly withoutImage: ReadonlySet<string>;
}

const codePoints = (text: string) => Array.from(text, (each) => each.codePointAt(0)!);

/** Negative where the list a comes before b, as lists of numbers do. */
function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : a[at]! - b[at]!;
}

function compare(a: PageKey, b: PageKey): number {
  return (
    compareLists(codePoints(a.state), codePoints(b.state)) ||
    compareLists(codePoints(a.school), codePoints(b.school)) ||
    compareLists([a.year, a.page], [b.year, b.page])
  );
}

/**
 * A second reading of the rules: one question after another for each page, each answered by going through all
 * labels. `name reason`, in order.
 */
export function naiveScan({ labels, results, records, withoutImage }: Situation, rules: ScanRules): string[] {
  const { states = [], schools = [], yearStart, yearEnd } = rules.filter;
  const pages = [...new Set(labels)].map((label) => parsePageKey(label) as PageKey).sort(compare);
  return pages.map(({ state, school, year, page }) => {
    const name = [state, school, year, page].join(':');
    const before = [state, school, year, page - 1].join(':');
    const left =
      (states.length > 0 && !states.includes(state)) ||
      (schools.length > 0 && !schools.includes(school)) ||
      (yearStart !== undefined && year < yearStart) ||
      (yearEnd !== undefined && year > yearEnd);
    if (left) return `${name} filtered`;
    const result = results.get(name);
    const wanted = rules.outdatedUnless;
    const again =
      records.get(name)?.isForced ||
      (wanted &&
        ((result?.model !== undefined && result.model !== wanted.model) ||
          (result?.promptVersion !== undefined && result.promptVersion !== wanted.promptVersion)));
    if (results.has(name) && !again) return `${name} done`;
    if (records.get(name)?.isInFlight) return `${name} in flight`;
    if ((records.get(name)?.failures ?? 0) >= rules.maxRetries) return `${name} exhausted`;
    if (labels.includes(before) && !results.has(before)) return `${name} waits for page ${page - 1}`;
    return withoutImage.has(name) ? `${name} no image` : `${name} runnable`;
  });
}
