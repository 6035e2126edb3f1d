import type { Command } from 'commander';
import { examples, newCommand } from './command.ts';
import { withCsv } from './list.ts';
import { printSchemaDiff } from './schema-diff.ts';

export function schemaCommand(): Command {
  const schema = newCommand('schema').addHelpText('after', examples('schema diff', 'schema diff racing'));
  withCsv(
    schema
      .command('diff')
      .description('how the tables of this program differ from what was written, and what will become of it'),
  )
    .argument('[source]', 'only the table of this source')
    .addHelpText(
      'after',
      examples('schema diff', 'schema diff racing --json', 'schema diff --stack rescrape-prod-pipeline'),
    )
    .action(printSchemaDiff);
  return schema;
}
