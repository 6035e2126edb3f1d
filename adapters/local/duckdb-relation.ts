/** A table of the lake: its Parquet files, listed by whoever read the manifests. */
export interface LocalTable {
  readonly name: string;
  readonly kind: 'table';
  /** Absolute paths. None: the table is there and empty. */
  readonly files: readonly string[];
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
}

/** A view over tables and other views, in DuckDB's SQL. */
interface LocalView {
  readonly name: string;
  readonly kind: 'view';
  readonly sql: string;
}

export type LocalRelation = LocalTable | LocalView;

/**
 * `strict` takes the columns of the first file for those of all, and opens no file that a filter on a
 * partition column leaves out. `by-name` opens them all and fills in what the older ones lack.
 */
export type ColumnMatching = 'strict' | 'by-name';

/**
 * The SELECT that a table stands for. `present` names the columns that the files have; the others are null.
 * Every column is cast to its type, so that the table looks the same whichever files it has.
 */
export function tableQuery(
  table: LocalTable,
  matching: ColumnMatching,
  present?: ReadonlySet<string>,
): string {
  const { files, jsonFiles = [] } = table;
  const selects = [];
  if (files.length > 0) selects.push(select(table, readParquet(table, matching), present));
  if (jsonFiles.length > 0) selects.push(select(table, readJson(table, jsonFiles)));
  return selects.length > 0 ? selects.join(' UNION ALL ') : select(table, undefined);
}

/** `from`: undefined where there is nothing to read. */
function select(table: LocalTable, from: string | undefined, present?: ReadonlySet<string>): string {
  const partitions = Object.entries(table.partitionTypes ?? {});
  const types = [...table.columns.map((column) => [column.name, column.duckdbType] as const), ...partitions];
  const absent = (name: string) => from === undefined || (present !== undefined && !present.has(name));
  const folders = from === undefined ? new Map<string, string>() : folderValues(table);
  const columns = types.map(([name, type]) => {
    // Without the alias a missing column could be taken for another one of this very list.
    const value = folders.get(name) ?? (absent(name) ? 'NULL' : `file.${quoteName(name)}`);
    return `CAST(${value} AS ${type}) AS ${quoteName(name)}`;
  });
  return `SELECT ${columns.join(', ')} ${from === undefined ? 'WHERE false' : `FROM ${from} AS file`}`;
}

function readJson({ columns }: LocalTable, files: readonly string[]): string {
  const types = columns.map(({ name, duckdbType }) => `${quoteText(name)}: ${quoteText(duckdbType)}`);
  const options = [
    `[${files.map((file) => quoteText(literalPath(file))).join(', ')}]`,
    "format = 'newline_delimited'",
    'hive_partitioning = false',
    'filename = true',
    `columns = {${types.join(', ')}}`,
  ];
  return `read_json(${options.join(', ')})`;
}

/** The files as they are, each row with the path that it was read from. */
export function readParquet(table: LocalTable, matching: ColumnMatching): string {
  const options = [
    `[${table.files.map((file) => quoteText(literalPath(file))).join(', ')}]`,
    // DuckDB would take the values from any folder above the lake as well: `/backup/date=2020-01-01/lake`.
    'hive_partitioning = false',
    'filename = true',
    `union_by_name = ${matching === 'by-name'}`,
  ];
  return `read_parquet(${options.join(', ')})`;
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

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
