import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDirectoryObjectStore } from '../adapters/local/directory-object-store.ts';
import { datesBetween } from '../core/calendar/civil-date.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import type { Row } from '../core/schema/columns.ts';
import { racing } from '../sources/racing/source.ts';
import type { BenchSite } from './demo-site.ts';

/**
 * Every row and every column of both contenders, held against each other. Throws at the first that differs.
 */
export async function compareRows(
  site: BenchSite,
  directory: string,
  crawleeOutput: string,
): Promise<{ rows: number; columns: number }> {
  const columns = Object.keys(racing.table.schema.shape);
  const theirs = new Map<string, Row>();
  for (const row of JSON.parse(readFileSync(crawleeOutput, 'utf8')) as Row[]) theirs.set(keyOf(row), row);
  let rows = 0;
  for (const ours of await readLake(site, directory)) {
    const other = theirs.get(keyOf(ours));
    if (!other) throw new Error(`${keyOf(ours)}: only Rescrape has it`);
    for (const column of columns) {
      if (ours[column] === other[column]) continue;
      const [mine, peer] = [ours, other].map((row) => JSON.stringify(row[column]));
      throw new Error(`${keyOf(ours)}: Rescrape reads ${column} as ${mine}, Crawlee as ${peer}`);
    }
    rows++;
  }
  if (rows !== theirs.size) throw new Error(`Rescrape has ${rows} rows, Crawlee ${theirs.size}`);
  return { rows, columns: columns.length };
}

async function readLake({ start, end }: BenchSite, directory: string): Promise<Row[]> {
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const rows: Row[] = [];
  for (const { id: target } of racing.targets) {
    for (const date of datesBetween(start, end)) {
      const store = new PartitionVersions(lake, racing.table, { value: target, date });
      const current = await store.current();
      if (current) rows.push(...(await store.rows(current.descriptor)));
    }
  }
  lake.close();
  return rows;
}

function keyOf(row: Row): string {
  return `${row.race_id}/${row.horse_id}`;
}
