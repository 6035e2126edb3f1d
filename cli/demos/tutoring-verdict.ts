import { isDeepStrictEqual } from 'node:util';
import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { deadRecordsOf } from '../../core/enrich/dead-records.ts';
import type { Enricher } from '../../core/enrich/enricher.ts';
import { parkedRecordsOf } from '../../core/enrich/parked-records.ts';
import { columnsOf } from '../../core/schema/columns.ts';
import { FEEDS } from '../../demo/tutoring/people.ts';
import type { RecordTruth, TutoringTruth } from '../../demo/tutoring/truth.ts';
import type { LocalPlatform } from '../../runtime/local.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import type { EnrichedDemo } from './enriched.ts';

type Cells = Readonly<Record<string, unknown>>;

/** Rows that the feeds of the site have in the tables of entities since a date, by kind. */
export type EntityRows = ReadonlyMap<string, readonly Cells[]>;

export async function entityRowsSince(platform: LocalPlatform, date: CivilDate): Promise<EntityRows> {
  const warehouse = await openLocalWarehouse(platform);
  const rows = new Map<string, readonly Cells[]>();
  try {
    for (const { kind, table } of platform.enrichers) {
      const answer = await warehouse.query(
        `SELECT * REPLACE (date::VARCHAR AS date), epoch_ms(enriched_at) AS enriched_ms FROM ${table}
         WHERE date >= ? AND feed IN (${FEEDS.map(() => '?').join(', ')})`,
        [date, ...FEEDS],
      );
      rows.set(kind, answer.rows);
    }
  } finally {
    await warehouse.close();
  }
  return rows;
}

/** Records of the source since a date, by kind. */
export async function scrapedSince(
  platform: LocalPlatform,
  date: CivilDate,
): Promise<ReadonlyMap<string, number>> {
  const warehouse = await openLocalWarehouse(platform);
  try {
    const { rows } = await warehouse.query(
      'SELECT kind, count(*) AS n FROM tutoring_records WHERE date >= ? GROUP BY kind',
      [date],
    );
    return new Map(rows.map(({ kind, n }) => [String(kind), Number(n)]));
  } finally {
    await warehouse.close();
  }
}

/** Holds what is in the tables, parked and dead against what the site says should be. */
export async function tutoringVerdict(
  platform: LocalPlatform,
  truth: TutoringTruth,
  rows: EntityRows,
): Promise<Pick<EnrichedDemo, 'verified' | 'wrong'>> {
  const wrong = platform.enrichers.flatMap((enricher) =>
    wrongRows(
      enricher,
      truth.rows.filter(({ kind }) => kind === enricher.kind),
      rows.get(enricher.kind) ?? [],
    ),
  );
  const parked = new Set<string>();
  const dead = new Map<string, string[]>();
  for (const { kind, key } of platform.enrichers) {
    for await (const record of parkedRecordsOf(platform.state, kind)) parked.add(`${kind}/${record.key}`);
    for await (const { body, errors } of deadRecordsOf(platform.state, kind)) {
      const { record } = JSON.parse(body) as { readonly record: Cells };
      dead.set(`${kind}/${String(record[key])}`, errors);
    }
  }
  for (const record of truth.parked)
    if (!parked.has(nameOf(record))) wrong.push(`${nameOf(record)} is not parked`);
  for (const record of truth.rows)
    if (parked.has(nameOf(record))) wrong.push(`${nameOf(record)} is parked, though nothing is missing`);
  for (const record of truth.invalid) wrong.push(...wrongErrors(record, dead.get(nameOf(record))));
  return {
    verified: {
      rows: truth.rows.length,
      parked: truth.parked.length,
      dead: new Set(truth.invalid.map(nameOf)).size,
    },
    wrong,
  };
}

function wrongRows(enricher: Enricher, expected: readonly RecordTruth[], rows: readonly Cells[]): string[] {
  const wrong: string[] = [];
  const found = new Map(rows.map((row) => [`${row.feed}/${row.date}/${row[enricher.key]}`, row]));
  if (found.size < rows.length) wrong.push(`${enricher.table}: ${rows.length - found.size} rows stand twice`);
  for (const record of expected) {
    const place = `${record.feed}/${record.date}/${record.key}`;
    const row = found.get(place);
    if (!row) wrong.push(`${enricher.table}: ${place} is missing`);
    else
      wrong.push(...wrongCells(enricher, record, row).map((cell) => `${enricher.table}: ${place}: ${cell}`));
    found.delete(place);
  }
  for (const place of found.keys()) wrong.push(`${enricher.table}: ${place} should not be there`);
  return wrong;
}

function wrongCells({ schema, derived }: Enricher, truth: RecordTruth, row: Cells): string[] {
  const record = JSON.parse(JSON.stringify(truth.record)) as Cells;
  const own = columnsOf(schema);
  const names = new Set(own.map(({ name }) => name));
  const others = Object.entries(record).filter(([name]) => !names.has(name));
  const expected: [string, unknown, boolean][] = [
    ...own.map(({ name, type }): [string, unknown, boolean] => [name, record[name], type === 'json']),
    ['extra', others.length === 0 ? null : Object.fromEntries(others), true],
  ];
  const facts = truth.derived(Number(row.enriched_ms));
  for (const { name } of columnsOf(derived)) expected.push([name, facts[name], false]);
  return expected.flatMap(([name, value, isJson]) => {
    const cell = row[name] ?? null;
    const is = isJson && cell !== null ? (JSON.parse(String(cell)) as unknown) : plain(cell);
    return isDeepStrictEqual(is, value ?? null)
      ? []
      : [`${name} is ${JSON.stringify(is)}, not ${JSON.stringify(value ?? null)}`];
  });
}

/** Whole numbers of 64 bits come as another type. */
function plain(cell: unknown): unknown {
  return typeof cell === 'bigint' ? Number(cell) : cell;
}

function wrongErrors(record: RecordTruth, errors: readonly string[] | undefined): string[] {
  if (!errors) return [`${nameOf(record)} is no dead letter`];
  return record.wrong
    .filter((field) => !errors.some((error) => error.startsWith(`${field}:`)))
    .map((field) => `${nameOf(record)}: its dead letter does not name ${field}`);
}

function nameOf({ kind, key }: Pick<RecordTruth, 'kind' | 'key'>): string {
  return `${kind}/${key}`;
}
