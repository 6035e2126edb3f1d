import type { Command } from 'commander';
import { stepsText } from '../core/advice/render.ts';
import { stepsAt } from '../core/advice/step.ts';
import { planRedrive, type RedrivePace, type RedrivePlan, redrive } from '../core/retry/dead-letters.ts';
import { duration } from '../core/wording/figures.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { adviseAt, type Place } from './advice.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { type DeadLetterFilterOptions, deadLettersThatMatch } from './dead-letter-filter.ts';
import { itemNameOf } from './dead-letter-views.ts';
import { printObject } from './json.ts';
import { counted, timeText } from './list.ts';
import { operator } from './operator.ts';
import { cellText, printTable } from './print.ts';

interface RedriveOptions extends DeadLetterFilterOptions {
  readonly dryRun?: boolean;
}

export async function redriveMatching(
  names: readonly string[],
  { dryRun = false, ...filter }: RedriveOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, { json, place }) => {
    const { entries, none } = await deadLettersThatMatch(platform, filter, names);
    const plan = planRedrive(platform, entries);
    if (!dryRun) {
      const line = new CountingLine();
      const onDone = (done: number) => line.at(`${done} of ${plan.redrives.length} back in the queue`);
      const queued = await redrive(platform, plan, operator(), onDone).finally(() => line.end());
      const changed = plan.redrives.length - queued;
      if (changed > 0) console.error(`${counted(changed, 'item')} not put back: no longer dead by then`);
    }
    const queue = queueOf(platform);
    if (json) printObject(receiptOf(plan, queue, dryRun));
    else if (entries.length === 0) console.log(none);
    else printReceipt(plan, queue, { dryRun, place, local: !isStack(platform) });
  });
}

/** Milliseconds that `duration` would call 0.0 s. */
const NO_TIME_MS = 50;

/** The file, or the name that AWS knows. */
function queueOf(platform: CommandPlatform): string {
  if (!isStack(platform)) return 'queue.sqlite';
  const { queueUrl } = platform.resources.failedItems;
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}

function receiptOf({ redrives, left, paces }: RedrivePlan, queue: string, dryRun: boolean) {
  return {
    dryRun,
    queue,
    redriven: redrives.map(({ entry, dueAt }) => ({ id: entry.id, item: itemNameOf(entry), dueAt })),
    left: left.map(({ entry, why }) => ({ id: entry.id, item: itemNameOf(entry), why })),
    seconds: Math.max(0, ...paces.map(({ seconds }) => seconds)),
  };
}

function printReceipt(
  { redrives, left, paces }: RedrivePlan,
  queue: string,
  { dryRun, place, local }: { readonly dryRun: boolean; readonly place: Place; readonly local: boolean },
): void {
  if (redrives.length > 0) {
    const columns = [
      { name: 'id', title: 'dead letter' },
      { name: 'code' },
      { name: 'queue' },
      { name: 'due', title: 'not tried before' },
    ];
    const rows = redrives.map(({ entry, dueAt }) => ({
      id: entry.id,
      code: entry.failure?.code,
      queue,
      due: timeText(dueAt),
    }));
    printTable(columns, rows);
    for (const pace of paces) console.log(paceText(pace, queue, dryRun));
  } else console.log(`no dead letter ${dryRun ? 'would be' : 'was'} put back`);
  if (left.length > 0) {
    console.log(
      `${counted(left.length, 'dead letter')} left where ${left.length === 1 ? 'it is' : 'they are'}:`,
    );
    for (const { entry, why } of left)
      console.log(
        `  ${cellText(`${itemNameOf(entry) ?? entry.id}: ${why}; ${stepsText(stepsAt(place, entry.next))}`)}`,
      );
  }
  if (dryRun) console.log('nothing was changed');
  else if (local && redrives.length > 0)
    console.log(stepsText(adviseAt(place, { kind: 'ended', as: 'redriven' })));
}

function paceText({ source, items, minDelayMs }: RedrivePace, queue: string, dryRun: boolean) {
  const where = `${dryRun ? 'would be back' : 'back'} in rescrape's failed-items queue (${queue})`;
  const takes = items === 1 ? 'it takes' : 'they take';
  const leastMs = items * minDelayMs;
  const time =
    leastMs < NO_TIME_MS ? `${takes} perhaps less than a second` : `${takes} at least ${duration(leastMs)}`;
  const pace = minDelayMs === 0 ? 'due at once' : `at ${minDelayMs} ms between requests ${time}`;
  return `${counted(items, 'dead letter')} of ${source} ${where}; ${pace}`;
}
