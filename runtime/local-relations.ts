import { type LocalRelation, type LocalTable, relationsBehind } from '../adapters/local/duckdb-relation.ts';
import type { CivilDate } from '../core/calendar/civil-date.ts';
import {
  dateOfTargetTable,
  type LogTable,
  manifestKey,
  manifestPlace,
  manifestPrefix,
  partitionOfManifest,
  targetTablePrefix,
} from '../core/lake/layout.ts';
import { LOG_TABLES, logFiles } from '../core/lake/log-files.ts';
import {
  attemptSchema,
  commitSchema,
  enrichmentSchema,
  extractionBookSchema,
  runSchema,
} from '../core/lake/log-tables.ts';
import { type CorruptLakeError, filesNamedIn, manifestFiles } from '../core/lake/manifest.ts';
import { strayObject } from '../core/lake/stray-objects.ts';
import { targetTableColumns } from '../core/lake/target-table.ts';
import { damageBehind, manifestGone } from '../core/lake/whole-version.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectStore, StoredObject } from '../core/ports/object-store.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { VerifiedFiles } from '../core/ports/verified-files.ts';
import { type Column, columnsOf, duckDbType, tableColumns } from '../core/schema/columns.ts';
import { lazily } from '../core/schema/lazily.ts';
import { byValue } from '../core/source/partition.ts';
import type { Partition, Source, Table } from '../core/source/source.ts';
import { PartitionStore } from '../core/state/partition-store.ts';
import { targetsOf } from '../core/targets/register.ts';
import { NAMES_TABLES, NAMES_VIEWS } from './statement.ts';

/**
 * The lake as the local warehouse sees it: a table for each table of a source, made of the files that its
 * manifests name at this moment; the append-only tables; the views. Only those that the statement may mean,
 * all of them where it names none, and then without rows, for it can show their columns
 * alone: a lake of years has thousands of files. Throws a CorruptLakeError of one
 * line for a manifest that is none.
 */
export async function localRelations(
  platform: {
    readonly lake: ObjectStore;
    readonly sources: readonly Source[];
    readonly clock: Pick<Clock, 'now'>;
    /** With it, files are held against their hashes before a statement reads them. */
    readonly verified?: VerifiedFiles;
    /**
     * With it, a partition of which it has a version and the lake no manifest is refused as a damaged one is.
     */
    readonly state?: StateStore;
  },
  { statement = '', logsFrom }: RelationsNeeded = {},
): Promise<LocalRelation[]> {
  const { lake, sources, clock } = platform;
  const tables: Findable[] = [
    ...sources.map((source) => ({
      name: source.table.name,
      empty: () => emptySourceTable(source),
      find: () => sourceTable(platform, source),
    })),
    ...LOG_TABLES.map((name) => ({
      name,
      empty: () => emptyLogTable(name),
      find: () => logTable(lake, name, logsFrom),
    })),
    { name: TARGETS_TABLE, empty: targetsTable, find: () => targetTable(lake) },
  ];
  const views = mayNameViews(statement, tables) ? await localViews(sources, clock.now()) : [];
  const named = new Set(relationsBehind([...tables, ...views], statement).map(({ name }) => name));
  const isNamed = ({ name }: { readonly name: string }) => named.size === 0 || named.has(name);
  const hasRows = named.size > 0 || statement === '' || NAMES_TABLES.test(statement);
  const relations: LocalRelation[] = [];
  for (const { find, empty } of tables.filter(isNamed)) relations.push(hasRows ? await find() : empty());
  return [...relations, ...views.filter(isNamed)];
}

/** False where a statement means tables alone: views are 19 modules, which most statements do not need. */
function mayNameViews(statement: string, tables: readonly Findable[]): boolean {
  return NAMES_VIEWS.test(statement) || relationsBehind(tables, statement).length === 0;
}

async function localViews(sources: readonly Source[], now: number): Promise<LocalRelation[]> {
  const { viewsOf } = await import('../core/completeness/views.ts');
  // Not spread: the text of a view that nobody asks for is not made.
  return viewsOf(sources, instantInSql(now)).map((view) => ({
    kind: 'view',
    name: view.name,
    get sql() {
      return view.sql;
    },
  }));
}

export interface RelationsNeeded {
  /** The one that will be asked. @default any */
  readonly statement?: string;
  /** Of the append-only tables only runs from this day on. @default all */
  readonly logsFrom?: CivilDate;
}

/** A table of which only the name was looked at: its columns are those of a schema, which takes time. */
interface Findable {
  readonly name: string;
  /** Without its files. */
  readonly empty: () => LocalTable;
  readonly find: () => Promise<LocalTable>;
}

/** The views look back from the platform's clock, which need not be that of the engine. */
function instantInSql(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString().slice(0, -1)}'`;
}

const LOG_SCHEMAS = {
  attempts: attemptSchema,
  commits: commitSchema,
  runs: runSchema,
  enrichments: enrichmentSchema,
  extraction_books: extractionBookSchema,
} as const;

function emptyLogTable(name: LogTable): LocalTable {
  return {
    kind: 'table',
    name,
    files: [],
    columns: duckdbColumns(columnsOf(LOG_SCHEMAS[name]())),
    partitionTypes: { run_date: 'DATE' },
    earlierFolders: { run_date: 'date' },
  };
}

async function logTable(
  lake: Pick<ObjectStore, 'list' | 'uri'>,
  name: LogTable,
  from: CivilDate | undefined,
): Promise<LocalTable> {
  const { files, jsonFiles } = await logFiles(lake, name, from);
  const uris = (keys: readonly string[]) => keys.map((key) => lake.uri(key));
  return { ...emptyLogTable(name), files: uris(files), jsonFiles: uris(jsonFiles) };
}

const TARGETS_TABLE = 'targets';
const targetsTable = lazily(
  (): LocalTable => ({
    kind: 'table',
    name: TARGETS_TABLE,
    files: [],
    columns: duckdbColumns(targetTableColumns()),
    partitionTypes: { source: 'VARCHAR', date: 'DATE' },
  }),
);

async function targetTable(lake: Pick<ObjectStore, 'list' | 'uri'>): Promise<LocalTable> {
  const files: string[] = [];
  for await (const { key } of lake.list(targetTablePrefix()))
    if (dateOfTargetTable(key)) files.push(lake.uri(key));
  return { ...targetsTable(), files };
}

function emptySourceTable({ table }: Source): LocalTable {
  return {
    kind: 'table',
    name: table.name,
    files: [],
    columns: tableColumns(table.schema).flatMap((column) =>
      duckdbColumns([column]).map((each) => ({ ...each, isRequired: !column.nullable })),
    ),
    partitionTypes: { [table.partitionBy[0]]: 'VARCHAR', date: 'DATE' },
  };
}

async function sourceTable(
  { lake, verified, state }: Pick<Parameters<typeof localRelations>[0], 'lake' | 'verified' | 'state'>,
  source: Source,
): Promise<LocalTable> {
  const { table } = source;
  const there = new Set<string>();
  const files: string[] = [];
  const stamps = new Map<string, string>();
  const unknown: { readonly partition: Partition; readonly manifest: StoredObject }[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const partition = partitionOfManifest(table, key);
    if (!manifestPlace(table, key)) throw strayObject(lake, table, key);
    // Of a column that the table was divided by before: it belongs to no table any more.
    if (!partition) continue;
    const known = verified && knownFiles(verified, table, partition, key);
    if (known) {
      there.add(key);
      for (const [file, stamp] of known) {
        const path = lake.uri(file);
        files.push(path);
        stamps.set(path, stamp);
      }
      continue;
    }
    const filesIn = (manifest: StoredObject) => manifestFiles(manifest, table, partition, key);
    const read = verified ? await verified.readManifest(key, filesIn) : await plainRead(lake, key, filesIn);
    // Undefined: removed since it was listed.
    if (!read) continue;
    there.add(key);
    for (const file of read.files) files.push(lake.uri(file));
    if (verified) unknown.push({ partition, manifest: read.manifest });
  }
  return {
    ...emptySourceTable(source),
    files,
    stamps,
    ...((verified || state) && {
      check: async () => {
        const gone = state && (await goneManifest(lake, state, source, there));
        if (gone) throw gone;
        if (verified)
          for (const { partition, manifest } of unknown) {
            const damage = await damageBehind(lake, verified, table, partition, manifest);
            if (damage) throw damage;
          }
      },
    }),
  };
}

/** As `readManifest` of verified files, where nothing is remembered. */
async function plainRead(
  lake: ObjectStore,
  key: string,
  filesIn: (manifest: StoredObject) => readonly string[],
): ReturnType<VerifiedFiles['readManifest']> {
  const manifest = await lake.get(key);
  return manifest && { manifest, files: filesIn(manifest) };
}

/** What a manifest names, each file with its stamp, where it and all of them are known; else undefined. */
function knownFiles(
  verified: VerifiedFiles,
  table: Table,
  partition: Partition,
  manifest: string,
): ReadonlyMap<string, string> | undefined {
  const named = filesNamedIn(verified.filesNamedBy(manifest) ?? '', table, partition);
  if (named === undefined) return undefined;
  const files = new Map<string, string>();
  for (const file of named.files) {
    const stamp = verified.knownStamp(file);
    if (stamp === undefined) return undefined;
    files.set(file, stamp);
  }
  return files;
}

/** Why a manifest is not there although its commit is on record; undefined where all are. */
async function goneManifest(
  lake: ObjectStore,
  state: StateStore,
  source: Source,
  there: ReadonlySet<string>,
): Promise<CorruptLakeError | undefined> {
  const { table } = source;
  const store = new PartitionStore(state);
  for (const value of byValue(source, await targetsOf(state, source)).keys()) {
    for await (const date of store.committed(table.name, value)) {
      const key = manifestKey(table, { value, date });
      // Asked once more: one that was committed since it was listed is whole, and read by the next statement.
      if (!there.has(key) && !(await lake.head(key))) return manifestGone(lake, table, { value, date });
    }
  }
  return undefined;
}

function duckdbColumns(columns: readonly Column[]): LocalTable['columns'] {
  return columns.map((column) => ({
    name: column.name,
    duckdbType: duckDbType(column),
    ...(column.comment !== undefined && { comment: column.comment }),
  }));
}
