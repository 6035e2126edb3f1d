import * as z from 'zod';
import { columnsOf } from '../schema/columns.ts';
import { lazily } from '../schema/lazily.ts';
import { partitionValueProblem, sameButForCase } from './identifier.ts';
import { ownSettingsProblems } from './own-settings.ts';
import { targetProblem } from './partition.ts';
import type { Source, Table } from './source.ts';

const partitionValue = lazily(() =>
  z.string().refine((text) => partitionValueProblem(text) === undefined, {
    error: ({ input }) => partitionValueProblem(String(input)) ?? '',
  }),
);
/** The tables of the lake itself, and the first letters of its views. */
const RESERVED_TABLE = /^(attempts|commits|runs|enrichments|extraction_books|targets|v_.*)$/;
const COLUMN_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const NO_COLUMN_NAME = 'not a column name (a-z, 0-9, _)';
const columnName = lazily(() => z.string().regex(COLUMN_NAME, { error: NO_COLUMN_NAME }));
const positive = lazily(() => z.number().positive());
const userAgent = lazily(() =>
  z.string().regex(/^[\x20-\x7e]{1,200}$/, { error: 'must be printable ASCII' }),
);
const timeZone = lazily(() => z.string().refine(isTimeZone, { error: 'not an IANA time zone' }));

const definitionSchema = lazily(() =>
  z.object({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'must be lower case letters, digits and -, at most 31' }),
    baseUrl: z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional(),
    timeZone: timeZone(),
    cadence: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('daily'),
        at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be HH:MM' }),
        windowDays: z.int().min(1).max(366),
      }),
      // EventBridge Scheduler counts whole minutes; two are the gap between two crawls of a target.
      z
        .object({
          kind: z.literal('every'),
          minutes: z.int().min(2).max(525_600),
          checkMinutes: z.int().min(1).optional(),
        })
        .refine(({ minutes, checkMinutes = 1 }) => checkMinutes <= minutes, {
          path: ['checkMinutes'],
          error: 'must be at most minutes',
        }),
    ]),
    targets: z.array(z.object({ id: partitionValue() })).superRefine((targets, context) => {
      const same = sameButForCase(targets.map(({ id }) => id));
      if (!same) return;
      const [one, other] = same;
      const message =
        one === other ? 'has the same id twice' : `${one} and ${other} differ in letter case alone`;
      context.addIssue({ code: 'custom', message });
    }),
    table: z.object({
      name: columnName().refine((name) => !RESERVED_TABLE.test(name), {
        error:
          'is the name of a table or view of the lake itself (attempts, commits, runs, enrichments, extraction_books, v_…)',
      }),
      partitionBy: z.tuple([
        columnName()
          .refine((name) => name !== 'date', { error: 'date is the other partition column' })
          .refine((name) => name !== 'filename', { error: 'DuckDB calls the path of a file so' }),
        z.literal('date'),
      ]),
      itemKey: columnName(),
      rowKey: z.array(columnName()).min(1),
      unique: z.array(columnName()).min(1).optional(),
    }),
    politeness: z.object({
      concurrency: z.int().min(1).max(256),
      requestsAtOnce: z.int().min(1).max(1000).optional(),
      minDelayMs: z.number().min(0),
      robots: z.enum(['respect', 'ignore']),
      userAgent: userAgent(),
      userAgents: z.array(userAgent()).min(1).optional(),
    }),
    outcomes: z.object({
      rateLimitStatuses: z.array(z.int().min(400).max(999)),
      blockStatuses: z.array(z.int().min(400).max(999)).optional(),
      skipAfterBlocks: z.int().min(1),
      skipAfterNotFound: z.int().min(1),
    }),
    retry: z.object({
      attempts: z.int().min(0).max(10),
      intervalSeconds: z.int().min(1),
      backoffRate: z.number().min(1),
      // A queue hides a message for twelve hours at most.
      coolDownMinutes: z.number().min(1).max(720).optional(),
    }),
    limits: z.object({
      connectMs: positive(),
      headersMs: positive(),
      bodyMs: positive(),
      totalMs: positive(),
      maxDecodedBytes: positive(),
      maxElements: positive(),
    }),
    expect: z.object({ minItems: z.int().min(0), maxShrink: z.number().min(0).max(1) }),
    parserVersion: z.int().min(1),
    discover: z
      .object({
        whole: z
          .object({
            contentTypes: z
              .array(
                z
                  .string()
                  .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/, { error: 'must be a media type in lower case' }),
              )
              .min(1)
              .optional(),
            end: z.union([z.string().min(1), z.instanceof(RegExp), z.null()]).optional(),
          })
          .optional(),
      })
      .optional(),
  }),
);

/** What is wrong with a definition, a line each. `hasItems`: its author says which items a target has. */
export function definitionProblems(source: Source, hasItems: boolean): string[] {
  // A dozen definitions are too few to compile a reader for.
  const checked = definitionSchema().safeParse(source, { jitless: true });
  const problems = checked.success
    ? [...tableProblems(source.table), ...targetProblems(source, hasItems), ...ownSettingsProblems(source)]
    : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (source.baseUrl === undefined && source.discover)
    problems.push('baseUrl: an index needs it; only items may each name their own host');
  if (source.targets.length === 0 && !source.register) problems.push('targets: there must be one at least');
  return problems;
}

/**
 * What is wrong with the targets: the first partition column is an attribute of all of them or of none, its
 * values are identifiers, and an index lists what belongs to one target, which its partition is named after.
 */
function targetProblems(source: Source, hasItems: boolean): string[] {
  const { targets, register, discover, table } = source;
  if (targets.length === 0 && !register) return [];
  const problems: string[] = [];
  const [column] = table.partitionBy;
  const known = register && Object.keys(register.attributes.shape);
  const has = (name: string) =>
    known
      ? known.includes(name)
        ? 1
        : 0
      : targets.filter(({ attributes }) => attributes?.[name] !== undefined).length;
  const all = register ? 1 : targets.length;
  if (has(column) > 0) {
    if (has(column) < all) problems.push(`targets: some have the attribute ${column} and some have not`);
    else problems.push(...targets.flatMap((target) => targetProblem(source, target) ?? []));
    if (discover)
      problems.push(`discover: an index lists the items of one target, and ${column} is no id of one`);
  }
  if (!discover && !hasItems && has('url') < all)
    problems.push('items: without them and without an index each target needs the attribute url');
  return problems;
}

function tableProblems(table: Table): string[] {
  const problems: string[] = [];
  const columns = new Map(
    columnsOf(table.schema, (problem) => problems.push(`table.schema.${problem}`)).map((c) => [c.name, c]),
  );
  for (const key of new Set([table.itemKey, ...table.rowKey])) {
    const column = columns.get(key);
    if (!column) problems.push(`table.schema has no column ${key}, which a key names`);
    else if (column.nullable) problems.push(`table.schema.${key} is part of a key and may not be nullable`);
  }
  for (const name of table.unique ?? [])
    if (!columns.has(name)) problems.push(`table.schema has no column ${name}, which table.unique names`);
  for (const name of columns.keys()) {
    if (name === 'filename')
      problems.push('table.schema.filename: DuckDB calls the path of a file so; choose another name');
    if (!COLUMN_NAME.test(name)) problems.push(`table.schema.${name}: ${NO_COLUMN_NAME}`);
    if ((table.partitionBy as readonly string[]).includes(name)) {
      problems.push(`table.schema.${name} is a partition column; the lake adds it`);
    }
  }
  return problems;
}

/** Those that have no other name. A format knows all, and the first one takes ten milliseconds to make. */
const TIME_ZONES: ReadonlySet<string> = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);

function isTimeZone(name: string): boolean {
  if (TIME_ZONES.has(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
