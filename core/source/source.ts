import type * as z from 'zod';
import type { CivilDate } from '../calendar/civil-date.ts';
import type { Row } from '../schema/columns.ts';
import type { Cadence } from './cadence.ts';
import type { Page } from './page.ts';
import type { Expectation, FetchLimits, OutcomePolicy, Politeness, RetryPolicy } from './source-policy.ts';

export type { Cell, Row } from '../schema/columns.ts';
// For the infrastructure, which reads what a source is from this file (a law of the house).
export { checkMinutesOf, type EveryCadence } from './cadence.ts';
export { requestsAtOnceOf } from './source-policy.ts';

/** One unit of overwrite: a date of one value of the table's first partition column. */
export interface Partition {
  /** An attribute of the targets in it; by default the id of its one target. */
  readonly value: string;
  readonly date: CivilDate;
}

/** What is asked of a site. */
export interface PageRequest {
  /** Absolute, or relative to the source's base URL, where it has one. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST';
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * Of a request that an answer asked for: the item is whole without it where the site does not have or not
   * give it, or where it is on another host than the item's own request and that host is still away (no
   * connection, or too slow) at the last try. The notes of its last attempt say so.
   * @default false
   */
  readonly optional?: boolean;
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

/** Why a page gave no records, where the parser can tell. A parser that throws means PARSE_ERROR. */
export interface Rejected {
  readonly kind: 'rejected';
  /**
   * HTML_CHANGED: the landmarks are gone. NO_RECORDS: landmarks there, nothing in them. PARSE_ERROR: a cell
   * that cannot be read. The others are what an API says in its answer where pages say it by their status.
   */
  readonly code:
    | 'HTML_CHANGED'
    | 'NO_RECORDS'
    | 'PARSE_ERROR'
    | 'AUTH_FAILED'
    | 'RATE_LIMITED'
    | 'SERVER_ERROR';
  /** One line: which landmark, which cell. */
  readonly message: string;
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

/** Targets that are kept in the state store, as `targets import` puts them there. */
export interface TargetRegister {
  /** What an author may rely on; a partition column other than the id is one of them. */
  readonly attributes: z.ZodObject;
  /**
   * A target as it came from outside, by the names of its columns, or in one line why it is none.
   * @default its id and attributes as they are, held against `attributes`
   */
  normalize?(raw: Readonly<Record<string, string>>): Target | string;
  /** True where the target can be asked, or what it waits for; false is `NEEDS_URL`. @default all can */
  ready?(target: Target): boolean | NotReady;
  /** How what a target lacks is found out. */
  readonly lookUp?: LookUp;
}

/** A site's own answer to what a target lacks. */
export interface LookUp {
  /** Or in one line why nothing can be asked; undefined where the target lacks nothing. */
  request(target: Target, settings: OwnSettings): PageRequest | string | undefined;
  /** `found`: attributes to be added. `unknown`: the site answers, and does not know the target. */
  read(page: Page, target: Target): LookedUp | Rejected;
}

export type LookedUp =
  | { readonly kind: 'found'; readonly attributes: NonNullable<Target['attributes']> }
  | { readonly kind: 'unknown'; readonly message: string };

/** What a registered target lacks before it can be asked. */
export type NotReady = 'NEEDS_URL' | 'NEEDS_DETECTION' | 'NEEDS_PLATFORM_ID';

export interface Target {
  readonly id: string;
  /** The source's own facts about the target. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
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

/** Values of a source's own settings, by name; undefined where nobody gave one and it has no default. */
export type OwnSettings = Readonly<Record<string, string | undefined>>;

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
   * Raise it when `parse` or the schema changes its reading: pages are then read again although they did not
   * change.
   */
  readonly parserVersion: number;
  /**
   * Settings of its own, all of them text: `hash` is `RESCRAPE_<SOURCE>_HASH`, or `hash` in the settings
   * file. For what a site changes without notice and no release should wait for.
   */
  readonly settings?: z.ZodObject;
  /** Their values: the defaults, until `applySettings` puts in what was given. */
  readonly ownSettings: OwnSettings;
  /** The name of its own setting without which nothing can be asked for; undefined where none is missing. */
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

/** What of a source's rows goes on to be enriched. */
export interface EnrichedRows {
  /** Every kind that its records may have; the tables of all of them say that a day is empty where it is. */
  readonly kinds: readonly string[];
  /** The record of a row with its kind, or undefined where the row has none. */
  recordOf(row: Row): { readonly kind: string; readonly record: unknown } | undefined;
}

/** What the rows of a table are made of for which nothing is scraped. */
export type Derived =
  /** The entities of a kind. */
  | { readonly from: 'entities'; readonly kind: string }
  /** Pages that a model read: those of the extraction of this name. */
  | { readonly from: 'extraction'; readonly name: string };

/** False for a table of entities or of an extraction, which is published from these: it has no runs. */
export function isScraped({ derived }: Pick<Source, 'derived'>): boolean {
  return derived === undefined;
}

/** The kind whose entities a table holds; undefined for any other. */
export function entityKindOf({ derived }: Pick<Source, 'derived'>): string | undefined {
  return derived?.from === 'entities' ? derived.kind : undefined;
}

/** The name of the extraction whose pages a table holds; undefined for any other. */
export function extractionOf({ derived }: Pick<Source, 'derived'>): string | undefined {
  return derived?.from === 'extraction' ? derived.name : undefined;
}

/** What tells a row from the others of its partition. */
export function rowKeyOf({ table }: { readonly table: Pick<Table, 'rowKey'> }, record: Row): string {
  return JSON.stringify(table.rowKey.map((name) => record[name]));
}
