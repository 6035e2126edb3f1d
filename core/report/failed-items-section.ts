import {
  redriveDatesCommand,
  retryRunCommand,
  skipRemoveCommand,
  sourceFailuresCommand,
  workerCommand,
} from '../advice/commands.ts';
import { errorText } from '../outcome/outcome.ts';
import { counted, instant } from '../wording/figures.ts';
import type { Block, Section, Span } from './document.ts';
import { countsText, type FailedItems, nextText } from './failed-items.ts';
import type { RunSummary } from './run-summary.ts';

/** Which items failed, with what, and what happens next to each. No section where none did. */
export function failedItemsSection({ run, failures }: RunSummary): Section[] {
  if (!failures || failures.total === 0) return [];
  const { total, states, codes, items } = failures;
  const rest = total - items.length;
  const blocks: Block[] = [
    { kind: 'paragraph', text: `${counted(total, 'item')}: ${countsText(states)} (${countsText(codes)}).` },
    { kind: 'paragraph', text: whatHappens(run, failures) },
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
  if (rest > 0) {
    const text = [`… and ${counted(rest, 'item')} more: `, { code: sourceFailuresCommand(run.source) }];
    blocks.push({ kind: 'paragraph', text });
  }
  return [{ heading: 'Failed items', blocks }];
}

/** The report does not know where it is read: it says what tries them in a stack and what does locally. */
function whatHappens(
  { run_id, source, window_start, window_end }: RunSummary['run'],
  { states, flagged }: FailedItems,
): Span[] {
  const text: Span[] = [];
  for (const target of flagged)
    text.push(
      `Target ${target} is flagged, lift that first: `,
      { code: skipRemoveCommand(source, target) },
      '. ',
    );
  if (states.queued) {
    text.push('Queued ones are tried again when they are due: in a stack by themselves, locally by ');
    text.push({ code: workerCommand() }, '. ');
  }
  if (states.dead) {
    text.push('To put dead ones back into the queue: ');
    text.push({ code: redriveDatesCommand(source, { start: window_start, end: window_end }) }, '. ');
  }
  if (states.queued || states.dead)
    text.push('To try now what another try may heal: ', { code: retryRunCommand(run_id) }, '. ');
  if (states.open) text.push('Nothing tries the open ones by itself but the next run that covers them.');
  return text;
}
