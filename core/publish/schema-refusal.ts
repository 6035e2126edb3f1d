import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import type { PartitionJob } from '../job.ts';
import type { CarryProblem } from '../lake/carried-rows.ts';
import { type KnownSchema, newerPlaceOf, SchemaHistory, tablesOnceOf } from '../lake/schema-history.ts';
import type { VersionDescriptor } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { isScraped } from '../source/derived.ts';
import type { Source } from '../source/source.ts';

/** Why nothing is committed for the sake of a schema; the version before stays. */
export type SchemaRefusal =
  /** The current version was written (`isRead`: the pages were read) with a newer schema than this one. */
  | { readonly kind: 'older-program'; readonly parserVersion: number; readonly isRead: boolean }
  /** Rows of an item that was not read this time do not fit today's schema. */
  | { readonly kind: 'cannot-carry'; readonly problem: CarryProblem };

/** One line: what is wrong, and what to do. */
export function refusalText({ source, partition }: PartitionJob, refusal: SchemaRefusal): string {
  const { name, table, parserVersion } = source;
  if (refusal.kind === 'older-program') {
    const newer = `${refusal.isRead ? 'its pages were read' : 'its current version was written'} with a newer schema of table ${table.name}`;
    const raised = Math.max(parserVersion, refusal.parserVersion);
    return `${newer} (parserVersion ${refusal.parserVersion}) than this program has (parserVersion ${parserVersion}): deploy the program that has it, or raise parserVersion of ${name} above ${raised} to go back on purpose`;
  }
  const steps = advise({
    kind: 'unread-rows',
    source: name,
    partition,
    isScraped: isScraped(source),
  });
  return `table ${table.name}: ${problemText(refusal.problem)}; ${stepsText(steps, { alternatives: true })}`;
}

function problemText(problem: CarryProblem): string {
  const isRead = problem.kind === 'misfit' && problem.isRead;
  const item = `item ${problem.item}, which ${isRead ? 'an older program read' : 'was not read this time'},`;
  switch (problem.kind) {
    case 'misfit': {
      const { column, from, to, value } = problem;
      if (from === null) return `its new column ${column} (${to}) is required, and ${item} has none`;
      if (value === null)
        return `its column ${column} (${to}) is required now, and ${item} has a row without`;
      return `its column ${column} was ${from} and is ${to} now, and ${JSON.stringify(value)} of ${item} would not be the same`;
    }
    case 'item-key':
      return `its item key is ${problem.itemKey} now, by which no row is of ${item.slice(0, -1)}`;
    case 'row-key':
      return `its row key is (${problem.rowKey.join(', ')}) now, and does not tell apart the rows of ${item.slice(0, -1)}`;
  }
}

/** Set where this process may not commit over the version. */
export async function olderThan(
  { platform, source }: Pick<PartitionJob, 'platform' | 'source'>,
  { schema }: VersionDescriptor,
): Promise<SchemaRefusal | undefined> {
  const { fingerprint } = tableSchema(source.table);
  if (!schema || schema.fingerprint === fingerprint) return undefined;
  const history = new SchemaHistory(platform.lake, source.table.name);
  const isOlder = await history.isOlder({ fingerprint, parserVersion: source.parserVersion }, schema);
  return isOlder ? { kind: 'older-program', parserVersion: schema.parserVersion, isRead: false } : undefined;
}

/** Going back on purpose holds, whoever else has the same schema under an earlier number. */
export function writtenParserVersion(
  { source }: PartitionJob,
  current: VersionDescriptor | undefined,
): number {
  const schema = current?.schema;
  const isSame = schema?.fingerprint === tableSchema(source.table).fingerprint;
  return isSame ? Math.max(schema.parserVersion, source.parserVersion) : source.parserVersion;
}

/**
 * Before a commit: today's schema is on record, behind that of the version that it replaces. Tells where the
 * source wrote another table until now, or divided it otherwise: what is there stays as it is.
 */
export async function recordSchema(
  context: PartitionJob,
  written: VersionDescriptor,
  current: VersionDescriptor | undefined,
): Promise<void> {
  const { platform, source } = context;
  const { lake, clock } = platform;
  const known = [current?.schema, written.schema].flatMap((schema): KnownSchema[] => {
    if (!schema) return [];
    const { fingerprint, parserVersion, shape } = schema;
    const firstSeenAt = new Date(clock.now()).toISOString();
    return [{ fingerprint, parserVersion, firstSeenAt, source: source.name, partitionBy: shape.partitionBy }];
  });
  const before = await new SchemaHistory(lake, source.table.name).record(known);
  const message = before ? await movedText(context, before) : await overtakenText(context);
  if (message !== undefined) platform.emit({ kind: 'warning', message });
}

/** Sources of a lake that were looked up already: once a process is enough. */
const lookedUp = new WeakMap<ObjectStore, Set<string>>();

/** A newer program writes the source elsewhere: said once, for nothing of that is overwritten. */
async function overtakenText({ platform, source }: PartitionJob): Promise<string | undefined> {
  const { lake } = platform;
  const { name, table } = source;
  const known = lookedUp.get(lake) ?? new Set();
  if (known.has(name)) return undefined;
  lookedUp.set(lake, known.add(name));
  const [column] = table.partitionBy;
  const here = { table: table.name, column };
  const newer = await inOtherTables(platform, (own) => newerPlaceOf(lake, name, here, own));
  if (!newer) return undefined;
  const { table: where, schema } = newer;
  return `a newer program writes source ${name} into table ${where}, divided by ${schema.partitionBy[0]}, since ${schema.firstSeenAt}; this one still writes ${table.name}, divided by ${column}: deploy the newer one here`;
}

/** What stays where it was, as nobody writes there any more; undefined where nothing does. */
async function movedText(
  { platform, source }: PartitionJob,
  before: readonly KnownSchema[],
): Promise<string | undefined> {
  const { name, table } = source;
  const steps = advise({ kind: 'moved-table', source: name, isScraped: isScraped(source) });
  const fill = steps.length === 0 ? '' : `; ${stepsText(steps)}`;
  const last = before.at(-1);
  const [column] = table.partitionBy;
  if (last && last.partitionBy[0] !== column)
    return `table ${table.name} is divided by ${column} from now on: its partitions by ${last.partitionBy[0]} stay in the lake as they are, and belong to no table any more${fill}`;
  if (last) return undefined;
  const once = await inOtherTables(platform, async (own) => {
    const tables = await tablesOnceOf(platform.lake, name, own);
    return tables.length === 0 ? undefined : tables;
  });
  if (!once) return undefined;
  return `source ${name} writes table ${table.name} from now on, and wrote ${once.join(', ')} before: what is there stays in the lake as it is, and belongs to no source any more${fill}`;
}

/**
 * What `find` finds in tables that no source has. Nothing beside the tables of the sources that this process
 * has loaded is nothing beside those of all, which are seldom needed so.
 */
async function inOtherTables<Found>(
  { sources, everySource }: Pick<Platform, 'sources' | 'everySource'>,
  find: (own: ReadonlySet<string>) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const tablesOf = (some: readonly Source[]) => new Set(some.map(({ table }) => table.name));
  const found = await find(tablesOf(sources));
  return found === undefined || !everySource ? found : find(tablesOf((await everySource()).sources));
}
