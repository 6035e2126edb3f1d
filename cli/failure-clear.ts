import type { Command } from 'commander';
import { stepsText, stepText } from '../core/advice/render.ts';
import { type Cleared, type ClearPlan, clearFailures, planClear } from '../core/failures/clear.ts';
import type { Failure } from '../core/failures/failure.ts';
import { FailureStore } from '../core/failures/failure-store.ts';
import { itemName } from '../core/lake/layout.ts';
import { countsText } from '../core/report/failed-items.ts';
import { adviseAt, type Place } from './advice.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed } from './confirmation.ts';
import { withScrapedSources } from './context.ts';
import { type FailureFilterOptions, failuresThatMatch, noFailures } from './failure-filter.ts';
import { filterWords } from './filter.ts';
import { printObject } from './json.ts';
import { failureRecord } from './json-records.ts';
import { counted, type ListOptions, number, printList, refuseTwoFormats, timeText } from './list.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';

export interface ClearOptions extends FailureFilterOptions, ListOptions, ConfirmOptions {}

/**
 * Dismisses what is unresolved and forgets what is closed; without `--confirm` it only shows what that would
 * be.
 */
export async function clearMatching(options: ClearOptions, command: Command): Promise<void> {
  const dryRun = isDryRun(options);
  await withScrapedSources(command, async (platform, globals) => {
    refuseTwoFormats({ ...globals, ...options });
    const plan = planClear(await failuresThatMatch(platform, options), platform.clock.now());
    const cleared: Cleared = dryRun
      ? { ...plan, changed: [] }
      : await clearFailures(new FailureStore(platform.state), plan, {
          now: () => platform.clock.now(),
          by: operator(),
        });
    if (globals.json) {
      const { dismissed, forgotten, busy, changed } = cleared;
      const records = Object.entries({ dismissed, forgotten, busy, changed }).map(
        ([what, failures]) => [what, failures.map(failureRecord)] as const,
      );
      printObject({ dryRun, ...Object.fromEntries(records) });
      return refuseUnconfirmed(options, cleared.dismissed.length + cleared.forgotten.length);
    }
    const { dismissed, forgotten } = cleared;
    const columns = [
      { name: 'failure' },
      { name: 'code' },
      { name: 'state' },
      { name: 'tries', ...number },
      { name: 'outcomes' },
      { name: 'last_failed_at', title: 'last failed' },
      { name: 'clear', title: dryRun ? 'would be' : 'is now' },
    ];
    const rows = [
      ...dismissed.map((failure) => rowOf(failure, 'dismissed')),
      ...forgotten.map((failure) => rowOf(failure, 'forgotten')),
    ];
    printList({ columns, rows, none: noneLine(plan, options) }, { ...globals, ...options });
    const words = ['failures', 'clear', ...filterWords(options)];
    for (const line of linesOf(cleared, dryRun, words, globals.place)) {
      if (options.csv) console.error(line);
      else console.log(line);
    }
    refuseUnconfirmed(options, rows.length);
  });
}

function rowOf(failure: Failure, clear: 'dismissed' | 'forgotten'): Record<string, unknown> {
  const { code, state, attempts, lastFailedAt } = failure;
  const outcomes = countsText(failure.counts);
  return {
    ...{ failure: itemName(failure), code, state, tries: attempts, outcomes },
    last_failed_at: timeText(lastFailedAt),
    clear,
  };
}

function noneLine({ busy }: ClearPlan, options: ClearOptions): string {
  return busy.length > 0 ? 'nothing to clear' : `${noFailures(options)}: there is nothing to clear`;
}

function linesOf(
  { dismissed, forgotten, busy, changed }: Cleared,
  dryRun: boolean,
  words: readonly string[],
  place: Place,
): string[] {
  const lines = busy.map(
    (failure) =>
      `left out: ${cellText(itemName(failure))} is being tried until ${timeText(failure.claim?.until)}`,
  );
  for (const failure of changed)
    lines.push(
      `left out: ${cellText(itemName(failure))} has changed meanwhile; ${stepsText(adviseAt(place, { kind: 'ended', as: 'failed-items' }))}`,
    );
  if (dismissed.length + forgotten.length === 0) return lines;
  const tries = [...dismissed, ...forgotten].reduce((sum, { attempts }) => sum + attempts, 0);
  const what = [
    ...(dismissed.length > 0 ? [`${dryRun ? 'dismiss' : 'dismissed'} ${failures(dismissed)}`] : []),
    ...(forgotten.length > 0 ? [`${dryRun ? 'forget' : 'forgot'} ${failures(forgotten)}`] : []),
  ].join(' and ');
  const counts = `their counts (${counted(tries, 'try', 'tries')}) ${dryRun ? 'would go' : 'are gone'}`;
  lines.push(
    dryRun ? `would ${what}; ${counts}. Nothing was changed` : `${what}; ${counts}`,
    ...(dryRun
      ? adviseAt(place, { kind: 'dry-run', words }).map(stepText)
      : deadLettersLine(dismissed, place)),
  );
  return lines;
}

function deadLettersLine(dismissed: readonly Failure[], place: Place): string[] {
  const dead = dismissed.filter(({ state }) => state === 'dead').length;
  if (dead === 0) return [];
  return [
    `${counted(dead, 'dead letter')} of them ${dead === 1 ? 'stays and does' : 'stay and do'} nothing any more; ${stepsText(adviseAt(place, { kind: 'ended', as: 'dismissed-dead-letters' }))}`,
  ];
}

function failures(list: readonly Failure[]): string {
  return counted(list.length, 'failure');
}
