import { quoteName, quoteText } from './duckdb-quote.ts';

/** How a column is stored and how it is to be read. Types as DuckDB names them, without spaces. */
interface StoredColumn {
  readonly table: string;
  readonly name: string;
  readonly stored: string;
  readonly wanted: string;
}

/** By this the message of a value that does not fit is told from those of DuckDB. */
export const LOSS = 'would lose a value: ';

/**
 * The value of a column of `file` as the wanted type, in SQL. What that type cannot hold to the digit is an
 * error that names table, column, file and value, when the row is read. The same rules as `castCell`.
 */
export function castColumn(column: StoredColumn): string {
  const { name, stored, wanted } = column;
  const value = `file.${quoteName(name)}`;
  if (isSame(stored, wanted)) return `CAST(${value} AS ${wanted})`;
  if (wanted === 'VARCHAR') return textOf(value, stored);
  const cast = `TRY_CAST(${value} AS ${wanted})`;
  const fits = conditionOf(value, cast, stored, wanted);
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN ${fits} THEN ${cast} ELSE ${lossOf(value, column)} END`;
}

function isSame(stored: string, wanted: string): boolean {
  return stored === wanted || (wanted === 'TIMESTAMP' && stored.startsWith('TIMESTAMP'));
}

/** True where the cast keeps all of the value. */
function conditionOf(value: string, cast: string, stored: string, wanted: string): string {
  if (stored === 'VARCHAR') return textFits(value, cast, wanted);
  const isBack = `coalesce(TRY_CAST(${cast} AS ${stored}) = ${value}, false)`;
  if (isNumber(stored) && isNumber(wanted)) return isBack;
  if (stored === 'DATE' && wanted === 'TIMESTAMP') return 'true';
  if (stored.startsWith('TIMESTAMP') && wanted === 'DATE') return isBack;
  return 'false';
}

const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const INSTANT = `${DAY}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z)?`;

/** What is cast back must say what it said: leading zeros, signs and spaces are part of a text. */
function textFits(value: string, cast: string, wanted: string): string {
  if (wanted === 'TIMESTAMP')
    return `(regexp_full_match(${value}, ${quoteText(INSTANT)}) AND ${cast} IS NOT NULL)`;
  const spellings = [textOf(cast, wanted)];
  if (wanted === 'DATE') spellings.push(`CAST(${cast} AS VARCHAR) || 'T00:00:00.000Z'`);
  // A price is written with all of its decimals, or as a number is.
  if (wanted.startsWith('DECIMAL')) spellings.push(`CAST(${cast} AS VARCHAR)`);
  return `coalesce(${value} IN (${spellings.join(', ')}), false)`;
}

/** The text that the program itself would write of the value: `7` of 7.0, times in ISO 8601. */
function textOf(value: string, stored: string): string {
  if (stored.startsWith('TIMESTAMP')) return `strftime(CAST(${value} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  if (!isNumber(stored) || isInteger(stored)) return `CAST(${value} AS VARCHAR)`;
  const double = `CAST(${value} AS DOUBLE)`;
  const isWhole = `${double} = trunc(${double}) AND abs(${double}) < ${LARGEST}`;
  const whole = `CAST(CAST(${double} AS BIGINT) AS VARCHAR)`;
  const other = REWRITTEN.reduce(
    (text, [pattern, replacement]) => `regexp_replace(${text}, '${pattern}', '${replacement}')`,
    `CAST(${double} AS VARCHAR)`,
  );
  return `CASE WHEN ${isWhole} THEN ${whole} ELSE ${other} END`;
}

/** `1e-05` and `1e-06` are written without an exponent in JavaScript, and `1e-07` is `1e-7`. */
const REWRITTEN = [
  ['^(-?)([0-9])[.]?([0-9]*)e-05$', '\\10.0000\\2\\3'],
  ['^(-?)([0-9])[.]?([0-9]*)e-06$', '\\10.00000\\2\\3'],
  ['e([+-])0*', 'e\\1'],
] as const;

/** Whole numbers up to it fit a BIGINT. */
const LARGEST = '9e18';

function lossOf(value: string, { table, name, stored, wanted }: StoredColumn): string {
  const said = [
    quoteText(`${LOSS}the column ${name} of ${table} is ${wanted} today and was ${stored} in the file `),
    'file.filename',
    quoteText(', where it holds '),
    `'"' || left(CAST(${value} AS VARCHAR), 80) || '"'`,
  ];
  return `error(concat(${said.join(', ')}))`;
}

function isInteger(type: string): boolean {
  return /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type);
}

function isNumber(type: string): boolean {
  return isInteger(type) || type === 'DOUBLE' || type === 'FLOAT' || type.startsWith('DECIMAL');
}
