import type { Command } from 'commander';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { printItems } from './json.ts';
import { type LetterFilterOptions, lettersThatMatch, withLetterFilter } from './letter-filter.ts';
import { purgeMatching } from './letter-purge.ts';
import { redriveMatching } from './letter-redrive.ts';
import { letterRecord, listOf, viewOf } from './letter-views.ts';
import { type ListOptions, printList, timeText, withCsv } from './list.ts';
import { cellText } from './print.ts';

const NAMES = 'ids of letters, or items as source/target/date/item';

export function deadLettersCommand(): Command {
  const letters = newCommand('dead-letters').addHelpText(
    'after',
    examples(
      'dead-letters list --source racing',
      'dead-letters redrive --code SERVER_ERROR --dry-run',
      'dead-letters purge --end 2025-10-31',
    ),
  );
  withCsv(withLetterFilter(letters.command('list').description('list dead letters, oldest first')))
    .addHelpText('after', examples('dead-letters list', 'dead-letters list --code TIMEOUT --csv letters.csv'))
    .action(listLetters);
  letters
    .command('show')
    .description('show a dead letter: what it says, what became of its item, and what to do')
    .argument('<letter>', 'its id, or its item as source/target/date/item')
    .addHelpText('after', examples('dead-letters show racing/gb/2025-11-17/4711'))
    .action(showLetter);
  withLetterFilter(letters.command('redrive'))
    .description('put dead letters back into the queue, each with all its tries before it')
    .argument('[letters...]', NAMES)
    .option('--dry-run', 'say what would be put back, and do nothing')
    .addHelpText(
      'after',
      examples(
        'dead-letters redrive --dry-run',
        'dead-letters redrive --source racing --code SERVER_ERROR',
        'dead-letters redrive racing/gb/2025-11-17/4711',
      ),
    )
    .action(redriveMatching);
  withLetterFilter(letters.command('purge'))
    .description('delete dead letters, and dismiss the failures of their items')
    .argument('[letters...]', NAMES)
    .option('--dry-run', 'say what would be deleted and do nothing: so it is without --confirm')
    .option('--confirm', 'do it')
    .addHelpText(
      'after',
      examples('dead-letters purge --target fr', 'dead-letters purge --target fr --confirm'),
    )
    .action(purgeMatching);
  return letters;
}

async function listLetters(options: LetterFilterOptions & ListOptions, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const { letters, none } = await lettersThatMatch(platform, options);
    printList({ ...listOf(letters), none }, { ...globals, ...options });
  });
}

async function showLetter(name: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const { letters } = await lettersThatMatch(platform, {}, [name]);
    const shown = letters.map((judged) => ({
      ...viewOf(judged),
      body: judged.letter.body,
      transitions: judged.failure?.transitions ?? [],
    }));
    if (json) return printItems(shown.map(letterRecord));
    for (const [n, view] of shown.entries()) {
      if (n > 0) console.log();
      const { id, standing, item, reason, code, message, state, deadAt, obstacle, next } = view;
      const lines: [string, string | null][] = [
        ['letter', id],
        ['item', item],
        ['standing', standing],
        ['reason', reason],
        ['error', code && `${code}${message ? `: ${message}` : ''}`],
        ['failure', state],
        ['dead', deadAt === null ? null : timeText(deadAt)],
        ...view.transitions.map(({ state: to, at, by, why }): [string, string] => [
          'was',
          `${to} ${timeText(at)} by ${by}${why ? `: ${why}` : ''}`,
        ]),
        ['body', view.body],
        ['redrive', obstacle === null ? 'gives it all its tries again' : `does nothing: ${obstacle}`],
        ['next', next],
      ];
      for (const [title, text] of lines)
        if (text !== null) console.log(`${title.padEnd(8)} ${cellText(text)}`);
    }
  });
}
