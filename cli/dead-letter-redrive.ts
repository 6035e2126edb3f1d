import type { Command } from 'commander';
import { stepsText } from '../core/advice/render.ts';
import { stepsAt } from '../core/advice/step.ts';
import { redriveDead } from '../core/enrich/dead-records.ts';
import type { AnyDeadLetter, DeadRecordEntry } from '../core/retry/dead-letter.ts';
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
    const { records, plan } = planOf(platform, entries);
    if (!dryRun) {
      const line = new CountingLine();
      const onDone = (done: number) => line.at(`${done} of ${plan.redrives.length} back in the queue`);
      const queued = await redrive(platform, plan, operator(), onDone).finally(() => line.end());
      const changed = plan.redrives.length - queued;
      await redriveDead(
        platform,
        records.map(({ entry }) => entry),
      );
      if (changed > 0) console.error(`${counted(changed, 'item')} not put back: no longer dead by then`);
    }
    const queue = queueOf(platform);
    if (json) printObject(receiptOf(plan, records, platform.clock.now(), queue, dryRun));
    else if (entries.length === 0) console.log(none);
    else printReceipt(plan, records, queue, { dryRun, place, local: !isStack(platform) });
  });
}

interface Plan extends Omit<RedrivePlan, 'left'> {
  readonly left: readonly { readonly entry: AnyDeadLetter; readonly why: string }[];
}

/** Records go back at once: nobody is asked for them. */
function planOf(
  platform: CommandPlatform,
  entries: readonly AnyDeadLetter[],
): { readonly records: readonly DeadRecordEntry[]; readonly plan: Plan } {
  const dead = entries.filter((entry) => entry.of === 'record');
  const plan = planRedrive(
    platform,
    entries.filter((entry) => entry.of === 'item'),
  );
  const left = dead.flatMap((entry) => (entry.obstacle === null ? [] : [{ entry, why: entry.obstacle }]));
  return {
    records: dead.filter(({ obstacle }) => obstacle === null),
    plan: { ...plan, left: [...plan.left, ...left] },
  };
}

/** Milliseconds that `duration` would call 0.0 s. */
const NO_TIME_MS = 50;

/** The file, or the name that AWS knows. */
function queueOf(platform: CommandPlatform): string {
  if (!isStack(platform)) return 'queue.sqlite';
  const { queueUrl } = platform.resources.failedItems;
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}

function receiptOf(
  { redrives, left, paces }: Plan,
  records: readonly DeadRecordEntry[],
  now: number,
  queue: string,
  dryRun: boolean,
) {
  return {
    dryRun,
    queue,
    redriven: [
      ...redrives.map(({ entry, dueAt }) => ({ id: entry.id, item: itemNameOf(entry), dueAt })),
      ...records.map(({ id }) => ({ id, item: null, dueAt: now })),
    ],
    left: left.map(({ entry, why }) => ({ id: entry.id, item: itemNameOf(entry), why })),
    seconds: Math.max(0, ...paces.map(({ seconds }) => seconds)),
  };
}

function printReceipt(
  { redrives, left, paces }: Plan,
  records: readonly DeadRecordEntry[],
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
  } else if (records.length === 0) console.log(`no dead letter ${dryRun ? 'would be' : 'was'} put back`);
  if (records.length > 0)
    console.log(
      `${counted(records.length, 'record')} ${dryRun ? 'would be back' : 'back'} in the queue of ${records.length === 1 ? 'its' : 'their'} kind, due at once`,
    );
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
  else if (local && redrives.length + records.length > 0)
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
