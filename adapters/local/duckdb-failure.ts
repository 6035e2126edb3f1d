import { NoSuchTableError, WarehouseError } from '../../core/ports/warehouse.ts';
import { LOSS } from './duckdb-casts.ts';

const REWRITE =
  'scrape its partition again, or "rescrape reparse" it, so that it is written as the schema is today';
const REMEDY = 'roll its partition back to an earlier version, or scrape it again';

interface Reading {
  readonly pattern: RegExp;
  /** `$1` is what the pattern caught; `$&` what DuckDB said. */
  readonly message: string;
  /** @default WarehouseError */
  readonly type?: typeof WarehouseError;
}

/**
 * What DuckDB 1.5 says when a file of the lake or the lock-down stops it, and how a person is told. First
 * match wins.
 */
const READINGS: readonly Reading[] = [
  // First, because it ends with a value of the lake, which may say anything.
  { pattern: new RegExp(`^Invalid Input Error: ${LOSS}(.*)$`), message: `$1: ${REWRITE}` },
  // It looks for a directory of that name where the file is not there.
  { pattern: /^.*"(.+\.parquet)\/\*\*\/.*$/, message: `the file $1 is gone: ${REMEDY}` },
  {
    pattern: /^.*No files found that match the pattern "(.+\.parquet)".*$/,
    message: `the file $1 is gone: ${REMEDY}`,
  },
  {
    pattern:
      /^.*\.parquet\b.*(?:too small to be a Parquet file|Decompression failure|Could not read enough bytes|orrupt).*$/,
    message: `$& (the file is damaged: ${REMEDY})`,
  },
  {
    pattern: /^.*(?:Footer length error|No magic bytes found|too small to be a Parquet file).*\.parquet\b.*$/,
    message: `$& (the file is damaged: ${REMEDY})`,
  },
  {
    pattern: /^(.*Table with name .+ does not exist!).*$/,
    message: '$1 (`SHOW TABLES` lists what there is)',
    type: NoSuchTableError,
  },
  {
    pattern: /^.*(?:Permission Error|disabled (?:by|through) configuration|external access).*$/,
    message: '$& (a query reads the tables of the lake and nothing else; `SHOW TABLES` lists them)',
  },
];

/** DuckDB's message on one line, with what to do where that is known. Other errors stay as they are. */
export function warehouseFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof WarehouseError) return error;
  const message = said(error);
  const reading = READINGS.find(({ pattern }) => pattern.test(message));
  const { type = WarehouseError } = reading ?? {};
  return new type(reading ? message.replace(reading.pattern, reading.message) : message, { cause: error });
}

/** The message without its drawing of the statement, which for a view shows SQL that the user never wrote. */
function said(error: Error): string {
  return error.message
    .replace(/^Failed to (extract statements|prepare|execute): /, '')
    .replace(/\n\s*LINE \d+:[\s\S]*$/, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** An error of decoding tells what broke, not in which file. */
export function isNamelessDamage(error: unknown): boolean {
  return (
    error instanceof Error && /^(Invalid|IO) Error\b/.test(error.message) && !/\.parquet\b/.test(said(error))
  );
}

export function damagedFile(file: string, cause: unknown): WarehouseError {
  return new WarehouseError(`the file ${file} is damaged: ${REMEDY}`, { cause });
}

/** After one of these the whole database refuses to work. */
export function isFatal(error: unknown): boolean {
  return error instanceof Error && /^(INTERNAL|FATAL) Error\b/.test(error.message);
}
