import { SchemaHistory, tablesOnceOf } from '../lake/schema-history.ts';
import { type StoredSchema, storedSchemas } from '../lake/stored-schemas.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { effectOf, type SchemaChange, schemaChanges } from '../schema/schema-changes.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Source } from '../source/source.ts';

/**
 * One way in which the table of a source differs from current versions that were written with another schema.
 * Plain JSON, under the names that are printed.
 */
export interface SchemaFinding {
  readonly source: string;
  readonly table: string;
  /** How many current versions have that schema, and their first and last date; null for another table. */
  readonly partitions: number;
  readonly first_date: string | null;
  readonly last_date: string | null;
  readonly change: SchemaChange['kind'] | 'newer-program' | 'table' | 'catalog';
  readonly column: string | null;
  readonly before: string | null;
  readonly today: string | null;
  readonly effect: string;
  /** True where somebody has to decide before the change is deployed. */
  readonly needs_author: boolean;
}

type Difference = Pick<SchemaFinding, 'change' | 'column' | 'before' | 'today' | 'effect' | 'needs_author'>;

/**
 * Of the table of one of these sources. None where every current version has today's schema. Throws a
 * CorruptLakeError: see `storedSchemas`.
 */
export async function schemaFindings(
  lake: ObjectStore,
  source: Source,
  sources: readonly Source[],
): Promise<readonly SchemaFinding[]> {
  const { name, table } = source;
  const place = { source: name, table: table.name };
  const found = await storedSchemas(lake, table);
  if (found.length === 0) {
    const once = await tablesOnceOf(lake, name, new Set(sources.map((each) => each.table.name)));
    const nowhere = { partitions: 0, first_date: null, last_date: null };
    return once.map((before) => ({ ...place, ...nowhere, ...otherTable(before, table.name) }));
  }
  const findings: SchemaFinding[] = [];
  for (const stored of found) {
    if (stored.isTodays) continue;
    const dates = stored.partitions.map(({ date }) => date).toSorted();
    const span = { partitions: dates.length, first_date: dates[0]!, last_date: dates.at(-1)! };
    for (const difference of await differences(lake, stored, source))
      findings.push({ ...place, ...span, ...difference });
  }
  return findings;
}

function otherTable(before: string, today: string): Difference {
  return {
    ...{ change: 'table', column: null, before, today, needs_author: true },
    effect:
      'the rows of before stay in the old table, which nobody writes any more; the new one begins empty',
  };
}

async function differences(lake: ObjectStore, stored: StoredSchema, source: Source): Promise<Difference[]> {
  const today = tableSchema(source.table);
  const changes = schemaChanges(stored.shape, today.shape).map(differenceOf);
  const { fingerprint, parserVersion } = stored;
  if (parserVersion === null) return changes;
  const own = { fingerprint: today.fingerprint, parserVersion: source.parserVersion };
  const isOlder = await new SchemaHistory(lake, source.table.name).isOlder(own, {
    fingerprint,
    parserVersion,
  });
  return isOlder ? [newerProgram(parserVersion, source), ...changes] : changes;
}

function newerProgram(parserVersion: number, { parserVersion: today }: Source): Difference {
  return {
    ...{ change: 'newer-program', column: null, before: String(parserVersion), today: String(today) },
    effect:
      'a newer program wrote them, over which this one commits nothing: use that one, or raise parserVersion to go back on purpose',
    needs_author: true,
  };
}

function differenceOf(change: SchemaChange): Difference {
  const { text, needsAuthor } = effectOf(change);
  return {
    change: change.kind,
    column: 'column' in change ? change.column : null,
    before: 'from' in change ? change.from : null,
    today: 'to' in change ? change.to : null,
    effect: text,
    needs_author: needsAuthor,
  };
}
