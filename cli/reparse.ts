import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { partitionName } from '../core/lake/layout.ts';
import { forwardRecords } from '../core/publish-entities/forward.ts';
import { type Reparsed, reparse } from '../core/run/reparse.ts';
import { isStack } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, targetsOf, windowOf, withScrapedSources } from './context.ts';
import { FailedCommand, IncompleteCommand } from './failure.ts';
import { printItems } from './json.ts';
import { reparsedRecord } from './json-records.ts';
import { counted, number } from './list.ts';
import { printTable } from './print.ts';

export function reparseCommand(): Command {
  return newCommand('reparse')
    .argument('<source>', 'the source whose parser was mended')
    .option('--start <date>', 'first date, YYYY-MM-DD (default: the window of the source)')
    .option('--end <date>', 'last date, YYYY-MM-DD (default: today in the time zone of the source)')
    .option('--target <target...>', 'only these targets')
    .addHelpText(
      'after',
      examples('reparse racing --start 2025-11-11 --end 2025-11-17', 'reparse racing --target gb'),
    )
    .action(
      async (
        name: string,
        options: { start?: string; end?: string; target?: string[] },
        command: Command,
      ) => {
        await withScrapedSources(command, async (platform, { json }) => {
          const source = sourceOf(platform, name);
          const range = windowOf(source, platform.clock.now(), options);
          const done: Reparsed[] = [];
          for await (const reparsed of reparse(platform, source, range, targetsOf(source, options.target)))
            done.push(reparsed);
          if (!isStack(platform)) await forwardRecords(platform);
          if (json) printItems(done.map((each) => reparsedRecord(source.name, each)));
          else printReparsed(source.name, done);
          const problem = problemOf(source.name, done);
          if (problem !== undefined) throw new FailedCommand(problem);
          refuseIncomplete(source.name, done);
        });
      },
    );
}

/** Why the command failed, though it went on with the rest; undefined where it did not. */
function problemOf(source: string, done: readonly Reparsed[]): string | undefined {
  const damaged = done.flatMap((reparsed) => reparsed.damaged);
  const failed = done.flatMap(({ partition, result }) =>
    result !== 'no-captures' && result.status === 'failed'
      ? [`${partitionName(source, partition)} could not be published: ${result.reason ?? 'unknown'}`]
      : [],
  );
  const [first] = damaged;
  const problems = [
    ...(first
      ? [
          `${counted(damaged.length, 'capture')} could not be read, the first ${first.place}: ${first.problem}`,
        ]
      : []),
    ...failed.slice(0, 1),
    ...(failed.length > 1 ? [`and ${failed.length - 1} more`] : []),
  ];
  if (problems.length > 0) return problems.join('; ');
  const isEmpty = done.every(({ result, unreadable }) => result === 'no-captures' && unreadable.length === 0);
  return isEmpty ? `${source}: there are no captures to parse in these dates` : undefined;
}

/** Throws where pages stayed unreadable, or where a version waits for a decision. */
function refuseIncomplete(source: string, done: readonly Reparsed[]): void {
  const unread = done.filter(({ unreadable }) => unreadable.length > 0);
  const held = done.filter(({ result }) => result !== 'no-captures' && result.status === 'held');
  const pages = unread.reduce((sum, { unreadable }) => sum + unreadable.length, 0);
  const named = [
    ...(pages > 0 ? [`${counted(pages, 'page')} could not be read`] : []),
    ...(held.length > 0 ? [`${counted(held.length, 'partition')} held`] : []),
  ];
  const [first] = [...unread, ...held];
  if (!first) return;
  const place = { source, partition: first.partition };
  const outcomes = first.unreadable.map(({ outcome: { code, message = null } }) => ({ code, message }));
  const next =
    outcomes.length > 0
      ? advise({ kind: 'outcomes', outcomes, place: { ...place, skip: null } })
      : advise({ kind: 'held', ...place });
  throw new IncompleteCommand(
    `${named.join(', ')}, the first in ${partitionName(source, first.partition)}`,
    next,
  );
}

function printReparsed(source: string, done: readonly Reparsed[]): void {
  const parsed = done.filter(({ result }) => result !== 'no-captures');
  for (const { place, problem } of done.flatMap(({ damaged }) => damaged))
    console.log(`${place}: ${problem}`);
  const columns = [
    { name: 'partition' },
    { name: 'pages', ...number },
    { name: 'unreadable', ...number },
    { name: 'rows', ...number },
    { name: 'status' },
  ];
  const rows = parsed.map(({ partition, pages, unreadable, result }) => ({
    partition: partitionName(source, partition),
    pages,
    unreadable: unreadable.length,
    rows: result === 'no-captures' ? 0 : result.rows,
    status: result === 'no-captures' ? '' : result.status,
  }));
  if (rows.length > 0) printTable(columns, rows);
  for (const { partition, unreadable } of done) {
    for (const { item, outcome } of unreadable) {
      console.log(
        `${partitionName(source, partition)} ${item}: still ${outcome.code} (${outcome.message ?? ''})`,
      );
    }
  }
}
