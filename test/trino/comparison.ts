import type { Warehouse } from '../../core/ports/warehouse.ts';
import { differenceOf } from './agreement.ts';
import type { Question } from './questions.ts';
import { askTrino } from './trino-client.ts';

export interface Compared {
  readonly name: string;
  /** Undefined where a side could not answer. */
  readonly rows: number | undefined;
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
 * Asks both sides. What differs is asked a second time: between the two questions of one try a view that looks
 * back from now may have lost a row.
 */
export async function compare(sides: Sides, question: Question): Promise<Compared> {
  const first = await compareOnce(sides, question);
  return first.difference === undefined ? first : compareOnce(sides, question);
}

async function compareOnce({ trino, duckdb }: Sides, { name, sql }: Question): Promise<Compared> {
  try {
    const answer = await askTrino(trino.url, trino.database, sql);
    return { name, rows: answer.rows.length, difference: differenceOf(answer, await duckdb.query(sql)) };
  } catch (error) {
    return { name, rows: undefined, difference: (error as Error).message };
  }
}
