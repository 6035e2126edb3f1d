import type { Command } from 'commander';
import { Option } from 'commander';
import { count, examples, newCommand } from './command.ts';
import { forceExtraction } from './extract-force.ts';
import { runExtract } from './extract-run.ts';
import { REASON_NAMES, scanExtraction } from './extract-scan.ts';
import { STATUS_GROUPS, showExtractStatus } from './extract-status.ts';
import { withBookFilter, withExtractionOption } from './extraction.ts';
import { withCsv } from './list.ts';

export function extractCommand(): Command {
  const extract = newCommand('extract').addHelpText(
    'after',
    examples('extract run', 'extract status', 'extract scan --csv pages.csv', 'batches list'),
  );
  withBookFilter(extract.command('run'))
    .description('send pages to the model in batches, and read its answers, until nothing is left to send')
    .argument('[extraction]', 'which one (default: the only one that there is)')
    .option('--limit <n>', 'send so many pages at most', count)
    .option('--outdated', 'also pages whose result is of another model or prompt than is set now')
    .option('--dry-run', 'print what would be sent now, and send nothing; no key is needed')
    .addHelpText(
      'after',
      examples(
        'extract run',
        'extract run catalogs --states Alabama Ohio --year-start 1850 --year-end 1859',
        'extract run --limit 10 --dry-run',
        'extract run --outdated --json',
      ),
    )
    .action(runExtract);
  withCsv(withExtractionOption(withBookFilter(extract.command('status'))))
    .description('how far the books are: pages done, in flight, waiting, exhausted; batches, tokens, cost')
    .addOption(new Option('--by <what>', 'a row for each').choices([...STATUS_GROUPS]).default('state'))
    .addHelpText(
      'after',
      examples('extract status', 'extract status --by book --states Alabama --csv', 'extract status --json'),
    )
    .action(showExtractStatus);
  withCsv(withExtractionOption(withBookFilter(extract.command('scan'))))
    .description('every labelled page, in the order of the books, with what a run would do about it, and why')
    .addOption(
      new Option(
        '--reason <reason...>',
        'only pages with these decisions (default: all but filtered; all with --json)',
      ).choices([...REASON_NAMES]),
    )
    .option('--outdated', 'as a run with --outdated would decide')
    .addHelpText(
      'after',
      examples('extract scan', 'extract scan --reason exhausted waits', 'extract scan --states Ohio --json'),
    )
    .action(scanExtraction);
  withExtractionOption(extract.command('force'))
    .description('have pages read again that have a result; it stays until the new one is valid')
    .argument('<keys...>', 'state:school:year:page')
    .addHelpText('after', examples('extract force "Alabama:Larch Hill College:1852:2"'))
    .action(forceExtraction);
  return extract;
}
