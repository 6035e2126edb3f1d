import { manifestPlace, manifestPrefix } from '../lake/layout.ts';
import { SchemaHistory, tablesOnceOf } from '../lake/schema-history.ts';
import { type StoredSchema, storedSchemas } from '../lake/stored-schemas.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { effectOf, type SchemaChange, schemaChanges } from '../schema/schema-changes.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Partition, Source, Table } from '../source/source.ts';

/**
 * One way in which the table of a source differs from current versions that were written with another schema.
 * Plain JSON, under the names that are printed.
 */
export interface SchemaFinding {
  readonly source: string;
  readonly table: string;
  /** How many current versions have that schema, or are in the old table alone; first and last date. */
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
  const places = await placesOf(lake, table);
  const own = places.filter(({ column }) => column === table.partitionBy[0]);
  const found = await storedSchemas(
    lake,
    table,
    own.map(({ partition }) => partition),
  );
  const findings: SchemaFinding[] = [];
  const today = found.flatMap(({ partitions }) => partitions);
  const isEmpty = today.length === 0;
  const once = await tablesOnceOf(lake, name, new Set(sources.map((each) => each.table.name)));
  for (const before of [...once, table.name]) {
    const left = onlyIn(
      before === table.name ? places : await placesOf(lake, { name: before }),
      table,
      today,
    );
    for (const [column, partitions] of left) {
      const moved =
        before === table.name ? divided(column, table, isEmpty) : otherTable(before, table.name, isEmpty);
      findings.push({ ...place, ...spanOf(partitions), ...moved });
    }
  }
  for (const stored of found) {
    if (stored.isTodays) continue;
    for (const difference of await differences(lake, stored, source))
      findings.push({ ...place, ...spanOf(stored.partitions), ...difference });
  }
  return findings;
}

function spanOf(
  partitions: readonly Partition[],
): Pick<SchemaFinding, 'partitions' | 'first_date' | 'last_date'> {
  const dates = partitions.map(({ date }) => date).toSorted();
  return { partitions: dates.length, first_date: dates[0] ?? null, last_date: dates.at(-1) ?? null };
}

type ManifestPlace = NonNullable<ReturnType<typeof manifestPlace>>;

async function placesOf(lake: ObjectStore, table: Pick<Table, 'name'>): Promise<readonly ManifestPlace[]> {
  const places: ManifestPlace[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const place = manifestPlace(table, key);
    if (place) places.push(place);
  }
  return places;
}

/**
 * What another table, or this one divided by another column, has and today's lacks: by dates alone where the
 * columns are not the same.
 */
function onlyIn(
  places: readonly ManifestPlace[],
  table: Table,
  today: readonly Partition[],
): ReadonlyMap<string, readonly Partition[]> {
  const known = new Set(today.flatMap(({ value, date }) => [date, `${value}/${date}`]));
  const left = places.filter(
    ({ column, partition: { value, date } }) =>
      !known.has(column === table.partitionBy[0] ? `${value}/${date}` : date),
  );
  const byColumn = Map.groupBy(left, ({ column }) => column);
  return new Map([...byColumn].map(([column, all]) => [column, all.map(({ partition }) => partition)]));
}

function divided(before: string, { partitionBy }: Table, isEmpty: boolean): Difference {
  const [today] = partitionBy;
  const change = { kind: 'partition-by', from: before, to: today } as const;
  return { ...differenceOf(change), needs_author: isEmpty };
}

function otherTable(before: string, today: string, isEmpty: boolean): Difference {
  return {
    ...{ change: 'table', column: null, before, today, needs_author: isEmpty },
    effect: isEmpty
      ? 'the rows of before stay in the old table, which nobody writes any more; the new one begins empty'
      : 'the rows of before are in the old table alone until these dates are read again',
  };
}

async function differences(
  lake: ObjectStore,
  stored: StoredSchema & { readonly isTodays: false },
  source: Source,
): Promise<Difference[]> {
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
