import type { Command } from 'commander';
import { planRedrive, type RedrivePace, type RedrivePlan, redrive } from '../core/retry/redrive.ts';
import { duration } from '../core/wording/figures.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { printObject } from './json.ts';
import { type LetterFilterOptions, lettersThatMatch } from './letter-filter.ts';
import { itemNameOf } from './letter-views.ts';
import { counted, timeText } from './list.ts';
import { operator } from './operator.ts';
import { cellText, printTable } from './print.ts';

interface RedriveOptions extends LetterFilterOptions {
  readonly dryRun?: boolean;
}

export async function redriveMatching(
  names: readonly string[],
  { dryRun = false, ...filter }: RedriveOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const { letters, none } = await lettersThatMatch(platform, filter, names);
    const plan = planRedrive(platform, letters);
    if (!dryRun) {
      const line = new CountingLine();
      const onMoved = (done: number) => line.at(`${done} of ${plan.moves.length} letters back in the queue`);
      await redrive(platform, plan, operator(), onMoved).finally(() => line.end());
    }
    const queue = queueOf(platform);
    if (json) printObject(receiptOf(plan, queue, dryRun));
    else if (letters.length === 0) console.log(none);
    else printReceipt(plan, queue, { dryRun, local: !isStack(platform) });
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

function receiptOf({ moves, left, paces }: RedrivePlan, queue: string, dryRun: boolean) {
  return {
    dryRun,
    queue,
    redriven: moves.map(({ judged, dueAt }) => ({ id: judged.letter.id, item: itemNameOf(judged), dueAt })),
    left: left.map(({ judged, why }) => ({ id: judged.letter.id, item: itemNameOf(judged), why })),
    seconds: Math.max(0, ...paces.map(({ seconds }) => seconds)),
  };
}

function printReceipt(
  { moves, left, paces }: RedrivePlan,
  queue: string,
  { dryRun, local }: { readonly dryRun: boolean; readonly local: boolean },
): void {
  if (moves.length > 0) {
    const columns = [
      { name: 'id', title: 'letter' },
      { name: 'item' },
      { name: 'code' },
      { name: 'queue' },
      { name: 'due', title: 'not tried before' },
    ];
    const rows = moves.map(({ judged, dueAt }) => ({
      id: judged.letter.id,
      item: itemNameOf(judged),
      code: judged.failure?.code,
      queue,
      due: timeText(dueAt),
    }));
    printTable(columns, rows);
    for (const pace of paces) console.log(paceText(pace, queue, dryRun));
  } else console.log(`no letter ${dryRun ? 'would be' : 'was'} put back`);
  if (left.length > 0) {
    console.log(`${counted(left.length, 'letter')} left where ${left.length === 1 ? 'it is' : 'they are'}:`);
    for (const { judged, why } of left)
      console.log(`  ${cellText(`${itemNameOf(judged) ?? judged.letter.id}: ${why} (${judged.next})`)}`);
  }
  if (dryRun) console.log('nothing was changed');
  else if (local && moves.length > 0) console.log('"rescrape worker" tries them');
}

function paceText({ source, letters, minDelayMs }: RedrivePace, queue: string, dryRun: boolean) {
  const where = `${dryRun ? 'would be back' : 'back'} in rescrape's failed-items queue (${queue})`;
  const takes = letters === 1 ? 'it takes' : 'they take';
  const leastMs = letters * minDelayMs;
  const time =
    leastMs < NO_TIME_MS ? `${takes} perhaps less than a second` : `${takes} at least ${duration(leastMs)}`;
  const pace = minDelayMs === 0 ? 'due at once' : `at ${minDelayMs} ms between requests ${time}`;
  return `${counted(letters, 'letter')} of ${source} ${where}; ${pace}`;
}
