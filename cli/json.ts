import { printText } from './stream-output.ts';

/**
 * What `--json` prints, as docs/json.md tells: a list is `{ "items": [...] }` however many things there are,
 * one thing is an object, names are in snake_case, and a moment is ISO 8601 in UTC.
 */

/** Prints a list. */
export function printItems(values: readonly unknown[]): void {
  printJson({ items: values.map(jsonOf) });
}

/** A value whose names are those of somebody else, as the fields of a record are: it is printed as it is. */
export class AsItIs {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Prints a list of what comes one by one, and is not held together. */
export async function printItemStream(values: AsyncIterable<unknown>): Promise<void> {
  let before = '{\n  "items": [';
  let isEmpty = true;
  for await (const value of values) {
    await printText(`${before}\n${indented(jsonText(jsonOf(value)))}`);
    before = ',';
    isEmpty = false;
  }
  await printText(isEmpty ? `${before}]\n}\n` : '\n  ]\n}\n');
}

/** Not by a regular expression: to its `^`, U+2028 in the text of a record begins a line too. */
function indented(text: string): string {
  return `    ${text.replaceAll('\n', '\n    ')}`;
}

/** Prints one thing. */
export function printObject(value: object): void {
  printJson(jsonOf(value));
}

/** Prints rows whose names and values are the user's own, those of an SQL statement, as a bare array. */
export function printRows(rows: readonly unknown[]): void {
  printJson(rows);
}

/** Prints one thing as a line of its own, where more may follow at any time. */
export function printLine(value: object): void {
  console.log(JSON.stringify(jsonOf(value)));
}

function printJson(value: unknown): void {
  console.log(jsonText(value));
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner), 2);
}

/** Fields that hold a moment, in milliseconds since 1970 wherever they are numbers. 0 stands for never. */
const MOMENTS: ReadonlySet<string> = new Set([
  ...['at', 'since', 'until', 'now', 'asOf'],
  ...['sentAt', 'dueAt', 'deadAt', 'openedAt', 'closedAt', 'seenAt', 'checkedAt', 'freshAt'],
  ...['startedAt', 'finishedAt', 'decidedAt', 'endedAt', 'previousAt'],
  ...[
    'nextCrawlAt',
    'lastCrawlAt',
    'registeredAt',
    'releasedAt',
    'failedAt',
    'unflaggedAt',
    'lastNotFoundAt',
    'expiresAt',
  ],
  ...['storedAt', 'firstStoredAt', 'parkedAt'],
  ...['lastFailedAt', 'lastAttemptAt', 'lastSuccessAt', 'lastFailureAt'],
]);

/**
 * Fields that put records in order among processes. They are no facts about the data, and may change at any
 * time.
 */
const INTERNAL: ReadonlySet<string> = new Set([
  ...['lookedAt', 'lastLookAt', 'order', 'settledRun'],
  ...['takes', 'countedBy'],
]);

function jsonOf(value: unknown): unknown {
  if (value instanceof AsItIs) return value.value;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      INTERNAL.has(name) ? [] : [[snakeCase(name), MOMENTS.has(name) ? momentOf(inner) : jsonOf(inner)]],
    ),
  );
}

function momentOf(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return value === 0 ? null : new Date(value).toISOString();
}

/** `runId` as `run_id`; what is no camelCase, as an outcome code is not, stays. */
function snakeCase(name: string): string {
  return /^[a-z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
}
