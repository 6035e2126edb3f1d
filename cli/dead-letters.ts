import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { bodyOf } from '../core/enrich/dead-records.ts';
import type { AnyDeadLetter } from '../core/retry/dead-letter.ts';
import { examples, newCommand } from './command.ts';
import { withConfirmation } from './confirmation.ts';
import { withPlatform } from './context.ts';
import {
  type DeadLetterFilterOptions,
  deadLettersThatMatch,
  withDeadLetterFilter,
} from './dead-letter-filter.ts';
import { purgeMatching } from './dead-letter-purge.ts';
import { redriveMatching } from './dead-letter-redrive.ts';
import { deadLetterRecord, listOf, viewOf } from './dead-letter-views.ts';
import { printItems } from './json.ts';
import { type ListOptions, printList, timeText, withCsv } from './list.ts';
import { cellText } from './print.ts';

const NAMES = 'items as source/target/date/item, or ids as "list" prints them';

export function deadLettersCommand(): Command {
  const deadLetters = newCommand('dead-letters').addHelpText(
    'after',
    examples(
      'dead-letters list --source racing',
      'dead-letters redrive --code SERVER_ERROR --dry-run',
      'dead-letters purge --end 2025-10-31',
      'dead-letters list --kind session',
    ),
  );
  withCsv(withDeadLetterFilter(deadLetters.command('list').description('list dead letters, oldest first')))
    .addHelpText(
      'after',
      examples('dead-letters list', 'dead-letters list --code TIMEOUT --csv dead-letters.csv'),
    )
    .action(listDeadLetters);
  deadLetters
    .command('show')
    .description('show a dead letter: why it is one, how it came to that, and what to do')
    .argument('<dead-letter>', 'its item as source/target/date/item, or its id')
    .addHelpText('after', examples('dead-letters show racing/gb/2025-11-17/4711'))
    .action(showDeadLetter);
  withDeadLetterFilter(deadLetters.command('redrive'))
    .description('put dead letters back into the queue, each with all its tries before it')
    .argument('[dead-letters...]', NAMES)
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
  withConfirmation(withDeadLetterFilter(deadLetters.command('purge')), 'what would be deleted')
    .description('delete dead letters, and dismiss the failures of their items')
    .argument('[dead-letters...]', NAMES)
    .addHelpText(
      'after',
      examples('dead-letters purge --target fr --dry-run', 'dead-letters purge --target fr --confirm'),
    )
    .action(purgeMatching);
  return deadLetters;
}

async function listDeadLetters(
  options: DeadLetterFilterOptions & ListOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const { entries, none } = await deadLettersThatMatch(platform, options);
    printList({ ...listOf(entries, globals.place), none }, { ...globals, ...options });
  });
}

async function showDeadLetter(name: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json, place }) => {
    const { entries } = await deadLettersThatMatch(platform, {}, [name]);
    const shown = entries.map((entry) => ({
      ...viewOf(entry, place),
      bodies: bodiesOf(entry),
      transitions: entry.of === 'item' ? (entry.failure?.transitions ?? []) : [],
    }));
    if (json) return printItems(shown.map(deadLetterRecord));
    for (const [n, view] of shown.entries()) {
      if (n > 0) console.log();
      const { id, status, item, reason, code, message, state, deadAt, obstacle, next } = view;
      const lines: [string, string | null][] = [
        ['id', id],
        ['item', item === id ? null : item],
        ['status', status],
        ['reason', reason],
        ['kind', view.kind],
        ...view.errors.map((error): [string, string] => ['error', error]),
        ['error', code && `${code}${message ? `: ${message}` : ''}`],
        ['failure', state],
        ['dead', deadAt === null ? null : timeText(deadAt)],
        ...view.transitions.map(({ state: to, at, by, why }): [string, string] => [
          'was',
          `${to} ${timeText(at)} by ${by}${why ? `: ${why}` : ''}`,
        ]),
        ...view.bodies.map((body): [string, string] => ['message', body]),
        ['redrive', obstacle === null ? REDRIVES[entries[n]!.of] : `does nothing: ${obstacle}`],
        ...next.map((step): [string, string] => ['next', stepText(step)]),
      ];
      for (const [title, text] of lines)
        if (text !== null) console.log(`${title.padEnd(8)} ${cellText(text)}`);
    }
  });
}

const REDRIVES = {
  item: 'gives it all its tries again',
  record: 'checks it again as it is',
} as const;

/** What came, as it came: of a record the one that is kept, where the queue has it no more. */
function bodiesOf(deadLetter: AnyDeadLetter): string[] {
  if (deadLetter.of === 'item') return deadLetter.messages.map(({ body }) => body);
  const body = bodyOf(deadLetter.entry) ?? deadLetter.entry.record?.body;
  return body === undefined ? [] : [body];
}
