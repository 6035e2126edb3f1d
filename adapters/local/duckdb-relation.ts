import { namesIn } from '../../core/ports/warehouse.ts';
import { castColumn } from './duckdb-casts.ts';
import { quoteName, quoteText } from './duckdb-quote.ts';

/** A table of the lake: its Parquet files, listed by whoever read the manifests. */
export interface LocalTable {
  readonly name: string;
  readonly kind: 'table';
  /** Absolute paths. None: the table is there and empty. */
  readonly files: readonly string[];
  /** `fileStamp` of those that were asked for it when they were listed. */
  readonly stamps?: ReadonlyMap<string, string>;
  /** Absolute paths of further rows of the table: JSON lines with all of its columns, gzip. */
  readonly jsonFiles?: readonly string[];
  readonly columns: readonly LocalColumn[];
  /**
   * Columns that come from the last folders of the paths (`k=v/…/file`, in this order), with their DuckDB
   * types; they stand after the others.
   */
  readonly partitionTypes?: Readonly<Record<string, string>>;
  /** What the folder of a partition column, a date, was called before: `run_date`: `date`. */
  readonly earlierFolders?: Readonly<Record<string, string>>;
  /** Called once, before a statement first reads the table. Rejects where a file is not what it should be. */
  readonly check?: () => Promise<void>;
}

interface LocalColumn {
  readonly name: string;
  readonly duckdbType: string;
  readonly comment?: string;
  /** True where every row should have a value: that a file of before lacks it is told. */
  readonly isRequired?: boolean;
}

/** A view over tables and other views, in DuckDB's SQL. */
interface LocalView {
  readonly name: string;
  readonly kind: 'view';
  readonly sql: string;
}

export type LocalRelation = LocalTable | LocalView;

/** What a statement may mean of these: those whose names are words of it, and those behind them. */
export function relationsBehind<R extends { readonly name: string; readonly sql?: string }>(
  relations: readonly R[],
  statement: string,
): readonly R[] {
  const found = new Set<R>();
  const visit = (text: string) => {
    const words = namesIn(text);
    for (const relation of relations) {
      if (found.has(relation) || !words.has(relation.name.toLowerCase())) continue;
      found.add(relation);
      if (relation.sql !== undefined) visit(relation.sql);
    }
  };
  visit(statement);
  return [...found];
}

/** The columns of a Parquet file with the types that DuckDB gives them, in the order of their names. */
export type StoredTypes = ReadonlyMap<string, string>;

/** Files of one table whose columns are the same. Undefined: nobody could read which. */
interface FilesAlike {
  readonly files: readonly string[];
  readonly types: StoredTypes | undefined;
}

/** By this the message of a value that was not read is told from those of DuckDB. */
export const UNREAD = 'its files were not read: ';

interface TableQueryOptions {
  /** How it names some of the files, in SQL. */
  readonly listOf: (files: readonly string[]) => string;
  /** For statements that read none of its own columns: see `selectCounted`. */
  readonly counted?: CountedFiles | undefined;
}

/**
 * All files of a table in SQL, in the order in which they would be read (`inReadingOrder`): a list of paths,
 * in which one may stand several times, and one of how many rows each stands for.
 */
export interface CountedFiles {
  readonly paths: string;
  readonly rows: string;
}

/**
 * The SELECT that a table stands for. Whichever files it has, it has the columns and types that are declared:
 * files are read by the names of their columns, those that differ among them apart from each other, because
 * DuckDB would take the types of the first for all.
 */
export function tableQuery(
  table: LocalTable,
  typesOf: (file: string) => StoredTypes | undefined,
  { listOf, counted }: TableQueryOptions,
): string {
  const { files, jsonFiles = [] } = table;
  const selects =
    counted && files.length > 0
      ? [selectCounted(table, counted)]
      : filesAlike(files, typesOf).map(({ files, types }) =>
          select(table, readParquet(listOf(files), 'alike'), types),
        );
  if (jsonFiles.length > 0) selects.push(select(table, readJson(table, listOf(jsonFiles))));
  const [only = select(table, undefined), ...more] = selects;
  if (more.length === 0) return `SELECT ${only}`;
  // A count reads the first column of a union, and that must not be one whose cast may fail.
  const counts = selects.map((each) => `SELECT 0 AS "a row", ${each}`);
  const names = [...table.columns.map(({ name }) => name), ...Object.keys(table.partitionTypes ?? {})];
  return `SELECT ${names.map(quoteName).join(', ')} FROM (${counts.join(' UNION ALL ')})`;
}

/** Of columns that every row should have, how many files lack each, as far as footers could be read. */
export function lackingFiles(
  { columns, files }: LocalTable,
  typesOf: (file: string) => StoredTypes | undefined,
): ReadonlyMap<string, number> {
  const alike = filesAlike(files, typesOf).filter(({ types }) => types !== undefined);
  const counts = columns
    .filter(({ isRequired }) => isRequired)
    .map(({ name }) => {
      const lacking = alike.filter(({ types }) => !types!.has(name));
      return [name, lacking.reduce((sum, group) => sum + group.files.length, 0)] as const;
    });
  return new Map(counts.filter(([, count]) => count > 0));
}

/** The files of a table, those that are alike after one another. */
export function inReadingOrder(
  { files }: LocalTable,
  typesOf: (file: string) => StoredTypes | undefined,
): readonly string[] {
  return filesAlike(files, typesOf).flatMap((group) => group.files);
}

/** In the order of their first files. */
function filesAlike(
  files: readonly string[],
  typesOf: (file: string) => StoredTypes | undefined,
): readonly FilesAlike[] {
  const groups = new Map<StoredTypes | undefined, { files: string[]; types: StoredTypes | undefined }>();
  const typed = files.map(typesOf);
  // A file that cannot be read stands among others, so that only who reads it is told.
  const some = typed.find((types) => types !== undefined);
  for (const [at, file] of files.entries()) {
    const types = typed[at] ?? some;
    const group = groups.get(types);
    if (group) group.files.push(file);
    else groups.set(types, { files: [file], types });
  }
  return [...groups.values()];
}

/** All behind the word SELECT. `from`: undefined where there is nothing to read. */
function select(table: LocalTable, from: string | undefined, stored?: StoredTypes): string {
  const own = table.columns.map(({ name, duckdbType }) => {
    const type = stored?.get(name);
    // Without the alias a missing column could be taken for another one of this very list.
    if (from === undefined || (stored && type === undefined)) return typedNull(name, duckdbType);
    const column = { table: table.name, name, stored: type ?? duckdbType, wanted: duckdbType };
    return `${castColumn(column)} AS ${quoteName(name)}`;
  });
  const partitions = partitionColumns(table, from === undefined ? new Map() : undefined);
  const source = from === undefined ? 'WHERE false' : `FROM ${from} AS file`;
  return `${[...own, ...partitions].join(', ')} ${source}`;
}

/**
 * The same without a look at the files: as many rows as their footers tell, each with the values of its
 * folders. To open a thousand takes as long as all else that a count needs. Its own columns are errors, so
 * that a statement which reads one after all fails, whatever it makes of the value.
 */
function selectCounted(table: LocalTable, { paths, rows }: CountedFiles): string {
  const partitions = Object.keys(table.partitionTypes ?? {}).map((name) => `file.${quoteName(name)}`);
  // Of each row, not a constant: nobody may look at the value before there is a row.
  const own = table.columns.map(
    ({ name, duckdbType }) =>
      `CAST(error(concat(${quoteText(UNREAD)}, file."its path")) AS ${duckdbType}) AS ${quoteName(name)}`,
  );
  const listed = `SELECT unnest(${paths}) AS filename, unnest(${rows}) AS rows`;
  const columns = ['filename AS "its path"', 'rows AS "its rows"', ...partitionColumns(table)];
  const files = `(SELECT ${columns.join(', ')} FROM (${listed}) AS file)`;
  return `${[...own, ...partitions].join(', ')} FROM (SELECT *, unnest(range("its rows")) FROM ${files}) AS file`;
}

function typedNull(name: string, type: string): string {
  return `CAST(NULL AS ${type}) AS ${quoteName(name)}`;
}

function readJson({ columns }: LocalTable, list: string): string {
  const types = columns.map(({ name, duckdbType }) => `${quoteText(name)}: ${quoteText(duckdbType)}`);
  const options = [
    list,
    "format = 'newline_delimited'",
    'hive_partitioning = false',
    'filename = true',
    `columns = {${types.join(', ')}}`,
  ];
  return `read_json(${options.join(', ')})`;
}

/**
 * The files of a list as they are, each row with the path that it was read from. `alike`: all have the
 * columns of the first, and none is opened that a filter on a partition column leaves out.
 */
export function readParquet(list: string, columns: 'alike' | 'by-name'): string {
  const options = [
    list,
    // DuckDB would take the values from any folder above the lake as well: `/backup/date=2020-01-01/lake`.
    'hive_partitioning = false',
    'filename = true',
    `union_by_name = ${columns === 'by-name'}`,
  ];
  return `read_parquet(${options.join(', ')})`;
}

export function fileList(files: readonly string[]): string {
  return `[${files.map((file) => quoteText(literalPath(file))).join(', ')}]`;
}

function partitionColumns(table: LocalTable, values = folderValues(table)): readonly string[] {
  return Object.entries(table.partitionTypes ?? {}).map(
    ([name, type]) => `CAST(${values.get(name) ?? 'NULL'} AS ${type}) AS ${quoteName(name)}`,
  );
}

/**
 * The value of each partition column, in SQL, from the folders in which a file is. `filename` by this very
 * name: then DuckDB folds it for each file, and opens none that a filter rules out. A pattern would do the
 * same in twice the time, for DuckDB compiles it for each file anew.
 */
function folderValues({ partitionTypes = {} }: LocalTable): Map<string, string> {
  const names = Object.keys(partitionTypes);
  return new Map(
    names.map((name, at) => {
      const folder = `split_part(file.filename, '/', ${at - names.length - 1})`;
      // Dates are as long as each other, whatever their folder is called.
      const isDate = partitionTypes[name] === 'DATE';
      return [name, isDate ? `right(${folder}, 10)` : `substr(${folder}, ${name.length + 2})`];
    }),
  );
}

/** The first file that is not in the folders of which `folderValues` speaks: it would read others' names. */
export function strayFile({ files, jsonFiles = [], ...table }: LocalTable): string | undefined {
  const { partitionTypes = {}, earlierFolders = {} } = table;
  const folders = Object.keys(partitionTypes).map((name) => {
    const names = name in earlierFolders ? `(?:${name}|${earlierFolders[name]})` : name;
    return `/${names}=${partitionTypes[name] === 'DATE' ? '[0-9]{4}-[0-9]{2}-[0-9]{2}' : '[^/]*'}`;
  });
  const isInside = new RegExp(`${folders.join('')}/[^/]*$`);
  return [...files, ...jsonFiles].find((file) => !isInside.test(file));
}

/** A path that DuckDB takes for a pattern, as one that fits nothing else. */
export function literalPath(path: string): string {
  return /[*?]/.test(path) ? path.replace(/[*?[]/g, '[$&]') : path;
}
