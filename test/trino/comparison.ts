import type { Warehouse } from '../../core/ports/warehouse.ts';
import { differenceOf } from './agreement.ts';
import type { Question } from './questions.ts';
import { askTrino, type TrinoAnswer } from './trino-client.ts';

export interface Compared {
  readonly name: string;
  /** Undefined where a side could not answer. */
  readonly rows: number | undefined;
  /** Why Trino did not answer a question that it may refuse. */
  readonly refusal?: string;
  /** Undefined where both answer the same. */
  readonly difference: string | undefined;
}

/** The two sides that are asked. */
export interface Sides {
  readonly trino: { readonly url: string; readonly database: string };
  /** What `rescrape query` asks, over a copy of the same lake. */
  readonly duckdb: Pick<Warehouse, 'query'>;
}

/**
 * Asks both sides. What differs is asked a second time: between the two questions of one try a view that
 * looks back from now may have lost a row.
 */
export async function compare(sides: Sides, question: Question): Promise<Compared> {
  const first = await compareOnce(sides, question);
  return first.difference === undefined ? first : compareOnce(sides, question);
}

async function compareOnce({ trino, duckdb }: Sides, question: Question): Promise<Compared> {
  const { name, sql, mayRefuse = false } = question;
  try {
    const answer = await askTrino(trino.url, trino.database, sql).catch((error: Error) => {
      if (mayRefuse) return error.message;
      throw error;
    });
    if (typeof answer === 'string') return { name, rows: undefined, refusal: answer, difference: undefined };
    const difference = differenceOf(withoutFolder(answer), await duckdb.query(sql));
    return { name, rows: answer.rows.length, difference };
  } catch (error) {
    return { name, rows: undefined, difference: (error as Error).message };
  }
}

/** A column of the log tables that only the catalog has: in which folder a day of theirs is. */
const FOLDER = 'folder';

function withoutFolder({ columns, rows }: TrinoAnswer): TrinoAnswer {
  const kept = columns.flatMap(({ name }, at) => (name === FOLDER ? [] : [at]));
  return { columns: kept.map((at) => columns[at]!), rows: rows.map((row) => kept.map((at) => row[at])) };
}
