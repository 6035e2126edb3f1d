import type * as z from 'zod';
import type { CivilDate } from '../calendar/civil-date.ts';
import type { Row } from '../schema/columns.ts';
import type { Cadence } from './cadence.ts';
import type { Derived, EnrichedRows } from './derived.ts';
import type { Page, PageRequest, Rejected } from './page.ts';
import type {
  Expectation,
  FetchLimits,
  OutcomePolicy,
  OwnSettings,
  Politeness,
  RetryPolicy,
} from './source-policy.ts';
import type { Target, TargetRegister } from './target-register.ts';

// What an author writes a source with, and whoever reads one.
export type { Cell, Row } from '../schema/columns.ts';
// For the infrastructure, which reads what a source is from this file (a law of the house).
export { checkMinutesOf, type EveryCadence } from './cadence.ts';
export { isScraped } from './derived.ts';
export type { PageRequest, Rejected } from './page.ts';
export type { OwnSettings } from './source-policy.ts';
export { requestsAtOnceOf } from './source-policy.ts';
export type { LookedUp, LookUp, NotReady, Target, TargetRegister } from './target-register.ts';

/** One unit of overwrite: a date of one value of the table's first partition column. */
export interface Partition {
  /** An attribute of the targets in it; by default the id of its one target. */
  readonly value: string;
  readonly date: CivilDate;
}

/**
 * One thing to bring home inside a partition, by this request and those that its answers ask for (`follow`).
 */
export interface Item extends PageRequest {
  /**
   * Unique in its partition; an identifier (`isIdentifier`). Equals the column `table.itemKey` of its
   * records.
   */
  readonly id: string;
  /** Whose it is; left out where that is the partition's value. */
  readonly target?: string;
}

/**
 * How an index says that an item stands. Only `ready` ones are asked for and expected to give records: a
 * `pending` one has no result yet, an `abandoned` or `void` one will never have one.
 */
export const LISTED_STATUSES = ['ready', 'pending', 'abandoned', 'void'] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

/** An item as an index lists it; `ready` where it says nothing else. */
export interface ListedItem extends Item {
  readonly status?: ListedStatus;
}

/** True where its page can be asked for. */
export function isReady({ status = 'ready' }: ListedItem): boolean {
  return status === 'ready';
}

/** What the source's own index says of a partition. */
export type Discovery =
  /**
   * At least one. A list that goes on on another page names it in `next`, absolute or relative to this page.
   */
  | { readonly kind: 'items'; readonly items: readonly ListedItem[]; readonly next?: string }
  /**
   * The day is truly empty; `sign` is what on the page says so. A page that only lists nothing proves
   * nothing.
   */
  | { readonly kind: 'empty'; readonly sign: string }
  /**
   * This page alone decides nothing: ask `url` next (as `next`). `note` is handed to the parsers of the pages
   * after it.
   */
  | { readonly kind: 'follow'; readonly url: string; readonly note: string }
  | Rejected;

/** What a parser of an index knows besides the page. */
export interface IndexContext {
  /** Try at this page of the index in this run, from 1. */
  readonly attempt: number;
  /** The notes of the pages that led here by `follow`, oldest first. */
  readonly notes: readonly string[];
}

/** What a page says. `empty` is an item that rightly has no records (a void race). */
export type Parsed<Row> =
  | {
      readonly kind: 'records';
      /** May be none where there is something to follow. */
      readonly records: readonly Row[];
      /**
       * Further requests of the same item: a next page, a cursor, a detail. It is whole only when all are in.
       */
      readonly follow?: readonly PageRequest[];
      /** For whoever reads the attempt: what the page says beside its records. */
      readonly notes?: string;
    }
  /** `notes` in place of the reason, where there is more to say: an address to look at. */
  | { readonly kind: 'empty'; readonly reason: string; readonly notes?: string }
  | Rejected;

/** What a parser of an item knows besides the page. */
export interface ItemContext {
  /** Which of the item's requests this page answers, from 0. */
  readonly page: number;
  /** All of its requests that are known by now: what is followed may be none of them. */
  readonly requests: readonly PageRequest[];
  /** Keys (`rowKeyOf`) of the rows that the item's earlier pages gave. */
  readonly rowKeys: ReadonlySet<string>;
  readonly settings: OwnSettings;
}

export interface Table {
  readonly name: string;
  /** An attribute of the targets, or any other name for their id; then `date`. */
  readonly partitionBy: readonly [string, 'date'];
  /** Column of a record that names its item. */
  readonly itemKey: string;
  /** Columns that together tell one row from another inside a partition. */
  readonly rowKey: readonly string[];
  /**
   * Columns that tell one real thing from another whatever its item is called: no two items of a partition
   * may have rows that agree in all of them. Rows in which one of them is null are not compared. A partition
   * that breaks it is not complete.
   * @default nothing is compared between items
   */
  readonly unique?: readonly string[];
  /**
   * One record; the columns of Parquet, Glue, DuckDB and CSV come from it. Partition columns are not part of
   * it.
   */
  readonly schema: z.ZodObject;
  /** Also write `exports/csv/...`; default false. */
  readonly csv: boolean;
}

/**
 * What every page of a whole index looks like; held against an answer before its parser is believed. Where
 * the end is missing the answer was cut: NETWORK_ERROR. Where anything else does not hold it is another page:
 * HTML_CHANGED.
 */
export interface WholeIndex {
  /**
   * It answers under the address that was asked: host, path and query are the same after redirects.
   * @default true
   */
  readonly sameAddress?: boolean;
  /**
   * Media types that it may come as, in lower case.
   * @default any
   */
  readonly contentTypes?: readonly string[];
  /**
   * What stands within its last 4096 characters, in any case where it is a string; null where nothing does.
   * @default `</html>` in a page of HTML
   */
  readonly end?: string | RegExp | null;
  /**
   * A page of HTML with a link `rel=next` goes on there, so that a list without `next` is not whole. Links to
   * the index of another date are none of these.
   * @default true
   */
  readonly relNext?: boolean;
}

/** Where the index of a partition is, and how it is read. */
export interface Discover {
  /** Address of the index page, relative to the base URL. */
  url(partition: Partition): string;
  /** What is true of a whole index beyond the defaults of `WholeIndex`. */
  readonly whole?: WholeIndex;
  parse(page: Page, partition: Partition, context: IndexContext): Discovery;
}

/** A source with every default filled in: what `defineSource` returns. */
export interface Source {
  readonly name: string;
  /** What is wrong with its definition, in one line; such a source is never run. */
  readonly problem?: string;
  /** Absent: every item names its own host, by an absolute address. */
  readonly baseUrl?: string;
  readonly timeZone: string;
  readonly cadence: Cadence;
  /** Those in the code. Of a register: none here, see `targetsOf` of the state. */
  readonly targets: readonly Target[];
  readonly register?: TargetRegister;
  readonly table: Table;
  readonly politeness: Politeness;
  readonly outcomes: OutcomePolicy;
  readonly retry: RetryPolicy;
  readonly limits: FetchLimits;
  readonly expect: Expectation;
  /**
   * Raise it when `parse` changes its reading: pages are then read again although they did not change. Where
   * the schema changes they are anyway; of two schemas that with the higher number is the newer one.
   */
  readonly parserVersion: number;
  /**
   * Settings of its own, all of them text: `hash` is `RESCRAPE_<SOURCE>_HASH`, or `hash` in the settings
   * file. For what a site changes without notice and no release should wait for.
   */
  readonly settings?: z.ZodObject;
  /** Their values: the defaults, until `applySettings` puts in what was given. */
  readonly ownSettings: OwnSettings;
  /** The setting without which nothing can be asked for; undefined where none is missing. */
  readonly unset: string | undefined;
  /** Absent: there is no index, and the targets themselves give the items. */
  readonly discover?: Discover;
  /** The items of a target on a date; asked where there is no index. */
  items(target: Target, date: CivilDate, settings: OwnSettings): readonly Item[];
  /** `item`: with the request that this page answers. */
  parse(page: Page, item: Item, partition: Partition, context: ItemContext): Parsed<unknown>;
  /**
   * One list of rows out of those of all pages of an item, which come in the order of its requests, each with
   * its columns of lineage; lists and objects are the text of their JSON. It leaves one row of each key.
   * @default the rows as they are; then no key may stand on two pages
   */
  combine?(rows: readonly Row[]): readonly Row[];
  /**
   * Why an item's answer with a status of 400 to 499 refuses it, for an API that says so in the body;
   * undefined where it does not say. Walls and rate limits are not asked about.
   */
  refusal?(page: Page, item: Item): Rejected | undefined;
  /** Its rows hold records that are enriched. */
  readonly enrich?: EnrichedRows;
  /** Nothing is scraped for it, see `isScraped`: it is published from what else is kept. */
  readonly derived?: Derived;
}

/** What tells a row from the others of its partition. */
export function rowKeyOf({ table }: { readonly table: Pick<Table, 'rowKey'> }, record: Row): string {
  return JSON.stringify(table.rowKey.map((name) => record[name]));
}
