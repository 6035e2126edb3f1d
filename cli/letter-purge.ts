import type { Command } from 'commander';
import { command as commandLine } from '../core/advice/commands.ts';
import { purgeLetters } from '../core/retry/dead-letters.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { filterWords } from './filter.ts';
import { printObject } from './json.ts';
import { type LetterFilterOptions, lettersThatMatch } from './letter-filter.ts';
import { listOf } from './letter-views.ts';
import { counted, printList } from './list.ts';
import { operator } from './operator.ts';
import { placeWords } from './place-words.ts';

interface PurgeOptions extends LetterFilterOptions {
  readonly confirm?: boolean;
  readonly dryRun?: boolean;
}

/** Deletes letters; without `--confirm` it only shows which. */
export async function purgeMatching(
  names: readonly string[],
  { confirm = false, dryRun: asked = false, ...filter }: PurgeOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const { letters, none } = await lettersThatMatch(platform, filter, names);
    const dryRun = asked || !confirm;
    const dead = letters.filter(({ failure }) => failure?.state === 'dead').length;
    const line = new CountingLine();
    const onDone = (done: number) => line.at(`${done} of ${letters.length} letters deleted`);
    const { dismissed } = dryRun
      ? { dismissed: dead }
      : await purgeLetters(platform, letters, operator(), onDone).finally(() => line.end());
    const list = listOf(letters);
    if (globals.json) return printObject({ dryRun, purged: list.values, dismissed });
    printList({ ...list, none }, {});
    if (letters.length === 0) return;
    const what = `${counted(letters.length, 'letter')}${dryRun ? ' would be' : ''} deleted`;
    const closed = dismissed === 0 ? '' : `, ${counted(dismissed, 'failure')} dismissed with them`;
    if (!dryRun) return console.log(`${what}${closed}`);
    const words = [...placeWords(globals, command), ...names, ...filterWords(filter)];
    console.log(`${what}${closed}. Nothing was changed; this does it:`);
    console.log(`  ${commandLine('dead-letters', 'purge', ...words, '--confirm')}`);
  });
}
