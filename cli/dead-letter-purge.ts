import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { purgeDead } from '../core/enrich/dead-records.ts';
import { purgeDeadLetters } from '../core/retry/dead-letters.ts';
import { adviseAt } from './advice.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed } from './confirmation.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { type DeadLetterFilterOptions, deadLettersThatMatch } from './dead-letter-filter.ts';
import { listOf } from './dead-letter-views.ts';
import { filterWords } from './filter.ts';
import { printObject } from './json.ts';
import { counted, printList } from './list.ts';
import { operator } from './operator.ts';

type PurgeOptions = DeadLetterFilterOptions & ConfirmOptions;

/** Deletes dead letters of both kinds; without `--confirm` it only shows which. */
export async function purgeMatching(
  names: readonly string[],
  { confirm, dryRun: asked, ...filter }: PurgeOptions,
  command: Command,
): Promise<void> {
  const asking = { confirm, dryRun: asked };
  const dryRun = isDryRun(asking);
  await withPlatform(command, async (platform, globals) => {
    const { entries, none } = await deadLettersThatMatch(platform, filter, names);
    const items = entries.filter((entry) => entry.of === 'item');
    const records = entries.filter((entry) => entry.of === 'record');
    const dead = items.filter(({ status }) => status === 'dead').length;
    const line = new CountingLine();
    const onDone = (done: number) => line.at(`${done} of ${entries.length} dead letters deleted`);
    const { dismissed } = dryRun
      ? { dismissed: dead }
      : await purgeDeadLetters(platform, items, operator(), onDone).finally(() => line.end());
    if (!dryRun)
      await purgeDead(
        platform,
        records.map(({ entry }) => entry),
      );
    const list = listOf(entries, globals.place);
    if (globals.json) {
      printObject({ dryRun, purged: list.values, dismissed });
      return refuseUnconfirmed(asking, entries.length);
    }
    printList({ ...list, none }, {});
    if (entries.length === 0) return;
    const what = `${counted(entries.length, 'dead letter')}${dryRun ? ' would be' : ''} deleted`;
    const closed = dismissed === 0 ? '' : `, ${counted(dismissed, 'failure')} dismissed with them`;
    if (!dryRun) return console.log(`${what}${closed}`);
    const words = ['dead-letters', 'purge', ...names, ...filterWords(filter)];
    console.log(`${what}${closed}. Nothing was changed`);
    for (const step of adviseAt(globals.place, { kind: 'dry-run', words })) console.log(stepText(step));
    refuseUnconfirmed(asking, entries.length);
  });
}
