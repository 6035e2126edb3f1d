import { stepText } from '../core/advice/render.ts';
import { errorText } from '../core/outcome/outcome.ts';
import { countsText, nextText } from '../core/report/failed-items.ts';
import { leftBehind } from '../core/report/left-behind.ts';
import type { RunSummary } from '../core/report/run-summary.ts';
import { adviseAt, type Place } from './advice.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';

/** Characters of a cell that the ones below it are set under. */
const MAX_WIDTH = 60;

/** Where the run was: a stack works its queue by itself. */
interface Reader {
  readonly inStack: boolean;
  readonly place: Place;
}

/** The items that failed, what happens to each, and how to have it otherwise. Nothing where none did. */
export function failedItemLines(summary: RunSummary, { inStack, place }: Reader): string[] {
  const { failures } = summary;
  if (!failures || failures.total === 0) return [];
  const { total, items, codes } = failures;
  const cells = items.map((item) => [`${item.name}/${item.item}`, errorText(item), nextText(item, timeText)]);
  const widths = [0, 1].map((at) =>
    Math.max(...cells.map((row) => Math.min(cellText(row[at]).length, MAX_WIDTH))),
  );
  const lines = cells.map(
    (row) => `  ${row.map((cell, at) => cellText(cell).padEnd(widths[at] ?? 0)).join('  ')}`,
  );
  const rest = total - items.length;
  return [
    `${counted(total, 'item')} failed (${countsText(codes)}):`,
    ...lines,
    ...(rest > 0 ? [`  … and ${counted(rest, 'item')} more`] : []),
    ...adviseAt(place, leftBehind(summary, inStack ? 'stack' : 'local')).map(
      (step) => `next: ${stepText(step)}`,
    ),
  ];
}
