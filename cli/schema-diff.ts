import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { catalogFindings } from '../core/completeness/catalog-findings.ts';
import { type SchemaFinding, schemaFindings } from '../core/completeness/schema-findings.ts';
import { isScraped } from '../core/source/derived.ts';
import { namesText } from '../core/wording/names.ts';
import { isStack } from '../runtime/platform-for.ts';
import { sourceOf, withPlatform } from './context.ts';
import { IncompleteCommand } from './failure.ts';
import { type ListOptions, number, printList } from './list.ts';

/** `rescrape schema diff`: a line for each way in which a table differs from what was written of it. */
export async function printSchemaDiff(
  name: string | undefined,
  options: ListOptions,
  command: Command,
): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const sources = name === undefined ? platform.sources : [sourceOf(platform, name)];
    const found: SchemaFinding[] = [];
    for (const source of sources) {
      found.push(...(await schemaFindings(platform.lake, source, platform.sources)));
      if (isStack(platform)) {
        const { deployedColumns } = await import('../runtime/stack-columns.ts');
        const deployed = await deployedColumns(platform, source.table.name, process.env);
        found.push(...catalogFindings(source, deployed));
      }
    }
    const rows = found.map((finding) => ({ ...finding, needs_author: finding.needs_author ? 'yes' : '' }));
    const columns = [
      { name: 'table' },
      { name: 'partitions', ...number },
      { name: 'first_date', title: 'from' },
      { name: 'last_date', title: 'to' },
      { name: 'change' },
      { name: 'column' },
      { name: 'before' },
      { name: 'today' },
      { name: 'effect', title: 'what becomes of it' },
      { name: 'needs_author', title: 'decide' },
    ];
    const none = 'every current version was written by the schema of today';
    printList({ columns, rows, values: found, none }, { ...globals, ...options });
    const undecided = [...new Set(found.filter((each) => each.needs_author).map(({ table }) => table))];
    if (undecided.length === 0) return;
    const again = sources.filter((source) => isScraped(source) && undecided.includes(source.table.name));
    throw new IncompleteCommand(
      `a change of ${namesText(undecided)} is to be decided before it is deployed`,
      again.flatMap(({ name: source }) => {
        const own = found.filter((each) => each.source === source);
        const isOlder = own.some((each) => each.change === 'newer-program');
        return advise({ kind: 'schema-changed', source, isOlder, dates: spanOf(own) });
      }),
    );
  });
}

function spanOf(findings: readonly SchemaFinding[]): { start: string; end: string } | null {
  const dates = findings.flatMap(({ first_date, last_date }) => [first_date ?? [], last_date ?? []].flat());
  const [start, end] = [dates.toSorted()[0], dates.toSorted().at(-1)];
  return start !== undefined && end !== undefined ? { start, end } : null;
}
