import { advise } from '../advice/advise.ts';
import { stepSpans } from '../advice/render.ts';
import { errorText } from '../outcome/outcome.ts';
import { counted, instant } from '../wording/figures.ts';
import type { Block, Section } from './document.ts';
import { countsText, nextText } from './failed-items.ts';
import { leftBehind } from './left-behind.ts';
import type { RunSummary } from './run-summary.ts';

/**
 * Which items failed, with what, and what happens next to each. No section where none did. The report does
 * not know where it is read: it says what tries them in a stack and what does locally.
 */
export function failedItemsSection(summary: RunSummary): Section[] {
  const { failures } = summary;
  if (!failures || failures.total === 0) return [];
  const { total, states, codes, items } = failures;
  const rest = total - items.length;
  const blocks: Block[] = [
    { kind: 'paragraph', text: `${counted(total, 'item')}: ${countsText(states)} (${countsText(codes)}).` },
    { kind: 'paragraph', text: stepSpans(advise(leftBehind(summary, 'unknown'))) },
    {
      kind: 'table',
      columns: ['Partition', 'Item', 'Error', 'What happens next'].map((title) => ({ title, align: 'left' })),
      rows: items.map((item) => [
        item.name,
        item.item,
        errorText(item),
        nextText(item, (ms) => instant(new Date(ms).toISOString())),
      ]),
    },
  ];
  if (rest > 0) blocks.push({ kind: 'paragraph', text: `… and ${counted(rest, 'item')} more` });
  return [{ heading: 'Failed items', blocks }];
}
