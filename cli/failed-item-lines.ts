import {
  redriveDatesCommand,
  retryRunCommand,
  skipRemoveCommand,
  sourceFailuresCommand,
  workerCommand,
} from '../core/advice/commands.ts';
import { errorText } from '../core/outcome/outcome.ts';
import { countsText, type FailedItems, nextText } from '../core/report/failed-items.ts';
import type { RunSummary } from '../core/report/run-summary.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';

/** Characters of a cell that the ones below it are set under. */
const MAX_WIDTH = 60;

/** Where the run was: a stack works its queue by itself. */
interface Place {
  readonly inStack: boolean;
}

/** The items that failed, what happens to each, and how to have it otherwise. Nothing where none did. */
export function failedItemLines({ run, failures }: RunSummary, place: Place): string[] {
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
    `next: ${nextSteps(place, run, failures).join('; ')}`,
  ];
}

function nextSteps(
  { inStack }: Place,
  { run_id, source, window_start: start, window_end: end }: RunSummary['run'],
  { states, flagged }: FailedItems,
): string[] {
  const steps = flagged.map(
    (target) => `"${skipRemoveCommand(source, target)}" lifts the flag of ${target}, then the rest works`,
  );
  if (states.queued)
    steps.push(
      inStack
        ? 'the retry-items function of the stack tries the queued ones by itself when they are due'
        : `"${workerCommand()}" tries the queued ones when they are due`,
    );
  if (states.queued || states.dead) steps.push(`"${retryRunCommand(run_id)}" tries them now`);
  if (states.dead)
    steps.push(`"${redriveDatesCommand(source, { start, end })}" puts the dead ones back into the queue`);
  return [...steps, `"${sourceFailuresCommand(source)}" shows all`];
}
