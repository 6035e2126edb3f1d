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
  /** What a partition column's folder was called before: `run_date`: `date`. */
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
    const words = new Set(text.toLowerCase().match(/\w+/g));
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

/** What DuckDB calls the place of a row in its file, unless the file has a column of this name. */
const ROW_NUMBER = 'file_row_number';

interface TableQueryOptions {
  readonly isForRows: boolean;
  readonly listOf: (files: readonly string[]) => string;
}

/**
 * The SELECT that a table stands for. Whichever files it has, it has the columns and types that are declared:
 * files are read by the names of their columns, those that differ among them apart from each other, because
 * DuckDB would take the types of the first for all. `isForRows`: for statements that read none of its own
 * columns; of a file of which it needs no column DuckDB prepares to read each, so it is given one to need.
 * `listOf`: how it names some of the files, in SQL.
 */
export function tableQuery(
  table: LocalTable,
  typesOf: (file: string) => StoredTypes | undefined,
  { isForRows, listOf }: TableQueryOptions,
): string {
  const { files, jsonFiles = [] } = table;
  const selects = filesAlike(files, typesOf).map(({ files, types }) => {
    const rows = select(table, readParquet(listOf(files), 'alike'), types);
    return isForRows && types?.has(ROW_NUMBER) === false ? `${rows} WHERE file.${ROW_NUMBER} >= 0` : rows;
  });
  if (jsonFiles.length > 0) selects.push(select(table, readJson(table, listOf(jsonFiles))));
  const [only = select(table, undefined), ...more] = selects;
  if (more.length === 0) return `SELECT ${only}`;
  // A count reads the first column of a union, and that must not be one whose cast may fail.
  const counted = selects.map((each) => `SELECT 0 AS "a row", ${each}`);
  const names = [...table.columns.map(({ name }) => name), ...Object.keys(table.partitionTypes ?? {})];
  return `SELECT ${names.map(quoteName).join(', ')} FROM (${counted.join(' UNION ALL ')})`;
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
  const folders = from === undefined ? new Map<string, string>() : folderValues(table);
  const own = table.columns.map(({ name, duckdbType }) => {
    const type = stored?.get(name);
    // Without the alias a missing column could be taken for another one of this very list.
    if (from === undefined || (stored && type === undefined)) return typedNull(name, duckdbType);
    const column = { table: table.name, name, stored: type ?? duckdbType, wanted: duckdbType };
    return `${castColumn(column)} AS ${quoteName(name)}`;
  });
  const partitions = Object.entries(table.partitionTypes ?? {}).map(
    ([name, type]) => `CAST(${folders.get(name) ?? 'NULL'} AS ${type}) AS ${quoteName(name)}`,
  );
  const source = from === undefined ? 'WHERE false' : `FROM ${from} AS file`;
  return `${[...own, ...partitions].join(', ')} ${source}`;
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

/**
 * The value of each partition column, in SQL. `filename` by this very name: then DuckDB folds it for each
 * file, and opens none that a filter rules out.
 */
function folderValues({ partitionTypes = {}, earlierFolders = {} }: LocalTable): Map<string, string> {
  const names = Object.keys(partitionTypes);
  const folders = names.map((name) => [name, earlierFolders[name]].filter((each) => each !== undefined));
  const pattern = `${folders.map((folder) => `/(?:${folder.join('|')})=([^/]*)`).join('')}/[^/]*$`;
  const inFolder = (group: number) => `regexp_extract(file.filename, ${quoteText(pattern)}, ${group})`;
  return new Map(names.map((name, index) => [name, inFolder(index + 1)]));
}

/** A path that DuckDB takes for a pattern, as one that fits nothing else. */
export function literalPath(path: string): string {
  return /[*?]/.test(path) ? path.replace(/[*?[]/g, '[$&]') : path;
}
