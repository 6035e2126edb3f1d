import { type Command, InvalidArgumentError } from 'commander';
import { withChoice, withTargetsFile } from './chosen-targets.ts';
import { count, examples, newCommand } from './command.ts';
import { withCsv } from './list.ts';
import { withTargetFilter } from './target-filter.ts';
import { withListFilter } from './target-list.ts';
import { exportTargets, listTargets } from './target-views.ts';
import { pauseTargets, resumeTargets, setTargets } from './targets-change.ts';
import { importTargetsOf } from './targets-import.ts';
import { lookUpTargets } from './targets-look-up.ts';
import { showTarget } from './targets-show.ts';

export function targetsCommand(): Command {
  const targets = newCommand('targets').addHelpText(
    'after',
    examples('targets list', 'targets list --due', 'targets show racing gb', 'targets pause racing fr'),
  );
  withListFilter(withCsv(targets.command('list').description('list targets with their reliability record')))
    .argument('[source]', 'only this source')
    .option('--sort <column>', 'by this column; with - in front, from the last to the first', 'target')
    .option('--limit <n>', 'at most so many (a table: 50, JSON and CSV: all)', count)
    .option('--offset <n>', 'leave out the first so many', wholeNumber, 0)
    .addHelpText(
      'after',
      examples(
        'targets list --due',
        'targets list racing --status degraded --sort -consecutive_failures',
        'targets list --state CA --tier tier1 --limit 20 --offset 40 --json',
      ),
    )
    .action(listTargets);
  targets
    .command('show')
    .description('one target: its record, and every transition of it')
    .argument('<source>')
    .argument('<target>')
    .addHelpText('after', examples('targets show racing gb', 'targets show racing gb --json'))
    .action(showTarget);
  withChoice(targets.command('pause').description('leave targets out of every run until they are resumed'))
    .option('--reason <text>', 'why, for the history of the target')
    .addHelpText('after', examples('targets pause racing fr --reason "the site moves"'))
    .action(pauseTargets);
  withChoice(
    targets.command('resume').description('take targets back that are paused, degraded or failed; due now'),
  )
    .option('--reason <text>', 'why, for the history of the target')
    .addHelpText('after', examples('targets resume racing fr'))
    .action(resumeTargets);
  withChoice(targets.command('set').description('change settings and attributes of targets'))
    .option(
      '--frequency <minutes>',
      'minutes between two crawls; "default": as the source says',
      minutesOrDefault,
    )
    .option(
      '--max-retries <n>',
      'tries after the first in a run; "default": as the source says',
      retriesOrDefault,
    )
    .option('--name <name>', 'what people call it')
    .option('--attribute <name=value...>', 'an attribute; without a value it is taken away')
    .option('--reason <text>', 'why, for the history of the target')
    .addHelpText(
      'after',
      examples(
        'targets set menus 123 --frequency 120 --max-retries 5',
        'targets set menus 123 --attribute slug=oak',
      ),
    )
    .action(setTargets);
  withCsv(withTargetsFile(withTargetFilter(targets.command('look-up'))))
    .description(
      'ask for what targets lack before they can be crawled: what their platform is, their id there',
    )
    .argument('<source>')
    .option('--target <target...>', 'only these targets, also where the site did not know them before')
    .option('--dry-run', 'tell whom would be asked what, and do nothing')
    .addHelpText(
      'after',
      examples(
        'targets look-up menus --dry-run',
        'targets look-up menus',
        'targets look-up menus --target 123 --json',
      ),
    )
    .action(lookUpTargets);
  targets
    .command('import')
    .description('register the targets of a CSV file, or give those that are registered other attributes')
    .argument('<source>')
    .argument('<file>')
    .option('--map <ours=theirs...>', 'which column of the file is which of ours, as in name=district_name')
    .option('--dry-run', 'tell what would change, and change nothing')
    .addHelpText(
      'after',
      examples(
        'targets import menus stores.csv --dry-run',
        'targets import menus stores.csv --map store_id=id,name=title',
      ),
    )
    .action(importTargetsOf);
  withListFilter(
    withCsv(targets.command('export').description('targets as CSV, with the columns that import reads')),
  )
    .argument('<source>')
    .addHelpText('after', examples('targets export racing', 'targets export racing --csv racing.csv'))
    .action(exportTargets);
  return targets;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number from 0');
  return value;
}

/** A year of minutes, as long as a source may wait between two crawls. */
const MOST_MINUTES = 525_600;
/** The gap between two crawls of a target. */
const LEAST_MINUTES = 2;

/** `default` stays a word: for null the parser of options would put an empty text. */
function minutesOrDefault(text: string): number | 'default' {
  if (text === 'default') return text;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < LEAST_MINUTES || value > MOST_MINUTES)
    throw new InvalidArgumentError(
      `give a whole number from ${LEAST_MINUTES} to ${MOST_MINUTES}, or "default"`,
    );
  return value;
}

function retriesOrDefault(text: string): number | 'default' {
  if (text === 'default') return text;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > 10)
    throw new InvalidArgumentError('give a whole number from 0 to 10, or "default"');
  return value;
}
