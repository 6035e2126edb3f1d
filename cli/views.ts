import type { Command } from 'commander';
import { viewsOf } from '../core/completeness/views.ts';
import type { Source } from '../core/source/source.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { type ListOptions, printList, withCsv } from './list.ts';

/** The tables that every lake has, beside the tables of its sources. */
const LOG_TABLES = [
  {
    name: 'attempts',
    kind: 'table',
    description: 'Every try at fetching a page: what was asked, what came back, how it was judged.',
  },
  {
    name: 'commits',
    kind: 'table',
    description: 'What each run, and each person, decided about each partition, with its counts.',
  },
  { name: 'runs', kind: 'table', description: 'Every run that ended, in numbers.' },
  {
    name: 'enrichments',
    kind: 'table',
    description:
      'Sums of what was enriched of each kind on each day; v_enrichment_daily has the last of each.',
  },
  {
    name: 'extraction_books',
    kind: 'table',
    description:
      'How far each book was that a model reads, whenever that changed; v_extraction_progress has the last.',
  },
  {
    name: 'targets',
    kind: 'table',
    description: 'The record of each target as it stood at the end of each day, one row a target and day.',
  },
] as const;

export function viewsCommand(): Command {
  return withCsv(newCommand('views'))
    .addHelpText(
      'after',
      examples('views', 'query "DESCRIBE attempts"', 'query "SELECT * FROM v_recent_blocks"'),
    )
    .action(async (options: ListOptions, command: Command) => {
      await withPlatform(command, async ({ sources }, globals) => {
        const views = viewsOf(sources).map(({ name, description }) => ({ name, kind: 'view', description }));
        const rows = [...sources.map(tableOf), ...LOG_TABLES, ...views];
        const columns = [{ name: 'name' }, { name: 'kind' }, { name: 'description' }];
        if (globals.json || options.csv)
          return printList({ columns, rows, none: '' }, { ...globals, ...options });
        for (const { name, kind, description } of rows) {
          console.log(`${name} (${kind})`);
          for (const line of wrapped(description)) console.log(`    ${line}`);
        }
      });
    });
}

/** Characters of a line of running text. */
const LINE_WIDTH = 96;

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function tableOf({ name, table }: Source): { name: string; kind: string; description: string } {
  const { rowKey, partitionBy } = table;
  return {
    name: table.name,
    kind: 'table',
    description: `The current rows of ${name}, one for each ${rowKey.join(' and ')}, partitioned by ${partitionBy.join(' and ')}.`,
  };
}
