import { viewsOf } from '../../core/completeness/views.ts';
import type { Source } from '../../core/source/source.ts';
import { namedQueriesOf } from '../../lib/named-queries.ts';

/** One statement for both engines. */
export interface Question {
  /** What it asks, as the table of answers names it: `view v_completeness`. */
  readonly name: string;
  readonly sql: string;
  /** True where Trino may refuse to answer, as the documentation says; another answer it may not give. */
  readonly mayRefuse?: true;
}

/** A table as DuckDB describes it. */
export interface DescribedTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The columns of its folders; none of a table that is not partitioned by a target. */
  readonly partitionBy?: readonly [string, ...string[]];
}

/** Everything that a deployment offers to people who know SQL: its tables, its views, its saved queries. */
export function everyQuestion(sources: readonly Source[], tables: readonly DescribedTable[]): Question[] {
  return [
    ...tables.flatMap(questionsOfTable),
    ...viewsOf(sources).map(({ name }) => ({ name: `view ${name}`, sql: `SELECT * FROM ${name}` })),
    ...namedQueriesOf(sources).map(({ name, sql }) => ({ name: `query ${name}`, sql })),
  ];
}

export function questionsOfTable({ name, columns, partitionBy }: DescribedTable): Question[] {
  // By name: the log tables of the catalog have the folder as a column more.
  const all = columns.map((column) => quoted(column.name)).join(', ');
  const ends = columns.filter(({ type }) => type !== 'BOOLEAN').map(({ name: column }) => endsOf(column));
  const [target] = partitionBy ?? [];
  return [
    { name: `table ${name}: every row`, sql: `SELECT ${all} FROM ${name}` },
    { name: `table ${name}: count`, sql: `SELECT count(*) AS amount FROM ${name}` },
    // Answered from statistics and dictionaries where an engine has them.
    { name: `table ${name}: least and most`, sql: `SELECT ${ends.join(', ')} FROM ${name}` },
    ...(target === undefined
      ? []
      : [
          {
            name: `table ${name}: by partition`,
            sql: `SELECT ${quoted(target)}, "date", count(*) AS amount FROM ${name} GROUP BY ${quoted(target)}, "date"`,
          },
          {
            name: `table ${name}: of its last date`,
            sql: `SELECT count(*) AS amount FROM ${name} WHERE "date" = (SELECT max("date") FROM ${name})`,
          },
        ]),
  ];
}

function endsOf(column: string): string {
  const name = quoted(column);
  return `min(${name}) AS "least_${column}", max(${name}) AS "most_${column}", count(${name}) AS "filled_${column}"`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
