import * as z from 'zod';
import { isWrittenTime, readWrittenTime } from '../calendar/written-time.ts';
import type { Json } from '../ports/state-store.ts';
import { type Cell, columnsOf, type Row } from '../schema/columns.ts';
import { derivedSource } from '../source/derived-source.ts';
import type { Source } from '../source/source.ts';
import { type ListedSource, problemOf } from '../source/sources-together.ts';
import type { Enricher, EntityData } from './enricher.ts';

/** Columns of a row that its message gives it, after those of the record and of what is derived from it. */
export interface RowOrigin {
  readonly message_id: string;
  /** Null where nobody said so. */
  readonly message_source: string | null;
  /** ISO 8601. */
  readonly enriched_at: string;
}

const ORIGIN_SHAPE = {
  message_id: z.string().describe('Message that the record came in'),
  message_source: z.string().nullable().describe('Who sent it, where it says so'),
  enriched_at: z.iso.datetime().describe('When it was enriched and stored'),
} satisfies Record<keyof RowOrigin, z.ZodType>;

/** As that of a source that is scraped each day. */
const WINDOW_DAYS = 7;

/** Fields that the schema of a record does not name. */
const EXTRA = 'extra';

/**
 * The table of the entities of a kind: partitioned by feed and date, a row an entity.
 * `core/publish-entities` commits what was enriched.
 */
function entitySource(enricher: Enricher): Source {
  const { kind, table: name, key } = enricher;
  const schema = tableSchemaOf(enricher);
  const table = { name, partitionBy: ['feed', 'date'], itemKey: key, rowKey: [key], schema } as const;
  return derivedSource({ from: 'entities', kind }, table, WINDOW_DAYS);
}

/** The sources of a list, with the tables of these kinds behind them. */
export function withEntityTables(
  listed: readonly ListedSource[],
  enrichers: readonly Enricher[],
): readonly ListedSource[] {
  return [...listed, ...enrichers.map((enricher) => checked(enricher, enrichers))];
}

/** Its table, or what is wrong with it: a column that two fields share would lose one of them. */
function checked(enricher: Enricher, enrichers: readonly Enricher[]): ListedSource {
  const source = entitySource(enricher);
  const problems = enricherProblems(enricher, enrichers);
  if (source.problem !== undefined || problems.length === 0) return source;
  return { name: source.name, problem: problemOf(source.name, problems.join('; ')) };
}

function enricherProblems(enricher: Enricher, enrichers: readonly Enricher[]): string[] {
  const { kind, schema, derived, references, day } = enricher;
  const fields = Object.entries(schema.shape) as [string, z.ZodType][];
  const times = new Set(fields.filter(([, field]) => isWrittenTime(field)).map(([name]) => name));
  const columns = [
    ...[...Object.keys(schema.shape), ...[...times].map(utcColumn), EXTRA],
    ...[...Object.keys(derived.shape), ...Object.keys(ORIGIN_SHAPE)],
  ];
  const twice = new Set(columns.filter((name, at) => columns.indexOf(name) < at));
  const unknown = references.filter((reference) => !enrichers.some((other) => other.kind === reference.kind));
  return [
    ...(enrichers.find((other) => other.kind === kind) === enricher
      ? []
      : [`another enricher is of ${kind}`]),
    ...[...twice].map((name) => `two of its columns are called ${name}`),
    ...unknown.map((reference) => `${reference.field} refers to a ${reference.kind}, which nobody enriches`),
    ...(day === 'snapshot' || times.has(day.field) ? [] : [`day: ${day.field} is no time of its records`]),
  ];
}

/**
 * One row: fields as columns (times as the text that came, and as `<field>_utc`; lists and objects as JSON),
 * the other fields as JSON in `extra`, what is derived, and where it came from.
 */
export function entityRow(
  enricher: Enricher,
  record: EntityData,
  derived: EntityData,
  origin: RowOrigin,
): Row {
  const row: Record<string, Cell> = {};
  for (const { name, isJson, isTime } of ownFields(enricher)) {
    row[name] = cellOf(record[name], isJson);
    if (isTime) row[utcColumn(name)] = utcOf(record[name]);
  }
  const own = enricher.schema.shape;
  const others = Object.entries(record).filter(([name]) => !Object.hasOwn(own, name));
  row[EXTRA] = others.length === 0 ? null : JSON.stringify(Object.fromEntries(others));
  for (const { name, type } of columnsOf(enricher.derived))
    row[name] = cellOf(derived[name], type === 'json');
  return { ...row, ...origin };
}

interface OwnField {
  readonly name: string;
  readonly isJson: boolean;
  readonly isTime: boolean;
}

/** Once for each schema: every row asks. */
const known = new WeakMap<z.ZodObject, readonly OwnField[]>();

function ownFields({ schema }: Enricher): readonly OwnField[] {
  const before = known.get(schema);
  if (before) return before;
  const fields = columnsOf(schema).map(({ name, type }) => ({
    name,
    isJson: type === 'json',
    isTime: isWrittenTime(schema.shape[name] as z.ZodType),
  }));
  known.set(schema, fields);
  return fields;
}

/**
 * Every column but the key may be null: a record that was stored before its schema asked for a field has a
 * row all the same.
 */
function tableSchemaOf({ schema, derived, key }: Enricher): z.ZodObject {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, field] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    shape[name] = name === key ? field : field.nullish();
    if (isWrittenTime(field))
      shape[utcColumn(name)] = z.iso.datetime().nullable().describe(`${name} as an instant, in UTC`);
  }
  shape[EXTRA] = z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Fields of the record that have no column, as they came: JSON');
  for (const [name, field] of Object.entries(derived.shape) as [string, z.ZodType][])
    shape[name] = field.nullish();
  return z.object({ ...shape, ...ORIGIN_SHAPE });
}

function utcColumn(name: string): string {
  return `${name}_utc`;
}

function utcOf(value: Json | undefined): Cell {
  const time = typeof value === 'string' ? readWrittenTime(value) : undefined;
  return time ? new Date(time.ms).toISOString() : null;
}

function cellOf(value: Json | undefined, isJson: boolean): Cell {
  if (value === undefined || value === null) return null;
  return isJson ? JSON.stringify(value) : (value as Cell);
}
