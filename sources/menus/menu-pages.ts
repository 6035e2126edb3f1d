import type { Page } from '../../core/source/page.ts';
import {
  type Cell,
  type ItemContext,
  type PageRequest,
  type Parsed,
  type Row,
  rowKeyOf,
} from '../../core/source/source.ts';
import { rejected } from './rejected.ts';
import type { ProductRow } from './schema.ts';

/** What tells a row from the others; `rowKey` of the table. */
export const ROW_KEY = ['store_id', 'product_id', 'option'] as const;

/** A page that came, of which store, and the request that it answers. */
export interface AnsweredRequest {
  readonly page: Page;
  readonly storeId: string;
  readonly request: PageRequest;
  /** That of the request, absolute. */
  readonly url: URL;
  readonly context: ItemContext;
}

/** A page of a menu, as every platform has it. */
interface MenuPage {
  /** Of each product on it, its rows. */
  readonly rows: readonly (readonly ProductRow[])[];
  readonly isFirst: boolean;
  /** Undefined where the page does not say how many there are: then an empty one is the end. */
  readonly isLast: boolean | undefined;
  next(): PageRequest;
  readonly context: ItemContext;
}

/**
 * Its rows, and the request for the next page. A first page without products is no empty menu: it is what
 * blocks and wrong ids look like. A page that brings nothing new where nobody says how many there are is the
 * end of a list that goes on for ever.
 */
export function pageOfMenu({ rows, isFirst, isLast, next, context }: MenuPage): Parsed<ProductRow> {
  if (rows.length === 0)
    return isFirst
      ? rejected('NO_RECORDS', 'the menu lists no products')
      : { kind: 'empty', reason: 'the menu ended on the page before' };
  const records = withoutRepeats(rows);
  const bringsNew = () => records.some((record) => !context.rowKeys.has(keyOf(record)));
  const isEnd = isLast ?? (!isFirst && !bringsNew());
  return { kind: 'records', records, ...(!isEnd && { follow: [next()] }) };
}

/**
 * A product that stands twice on a page counts once, and so does an option that stands twice in a product.
 */
function withoutRepeats(products: readonly (readonly ProductRow[])[]): ProductRow[] {
  const seen = new Set<string>();
  const kept = products.filter(([first]) => first && isNew(seen, first.product_id)).flat();
  const keys = new Set<string>();
  return kept.filter((row) => isNew(keys, keyOf(row)));
}

/** Pinned products come on every page and others move while one reads: each counts where it came first. */
export function firstOfEach(rows: readonly Row[]): Row[] {
  const pageOf = new Map<Cell, string>();
  const keys = new Set<string>();
  return rows.filter((row) => {
    const page = `${row._source_url} ${row._capture}`;
    if (!pageOf.has(row.product_id!)) pageOf.set(row.product_id!, page);
    return pageOf.get(row.product_id!) === page && isNew(keys, keyOf(row));
  });
}

/** How many different products the earlier pages of a menu gave. */
export function productsSeen({ rowKeys }: ItemContext): Set<string> {
  return new Set([...rowKeys].map((key) => (JSON.parse(key) as string[])[1]!));
}

function keyOf(record: Row): string {
  return rowKeyOf({ table: { rowKey: ROW_KEY } }, record);
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
