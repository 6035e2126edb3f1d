import * as z from 'zod';
import { lazily } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { Page } from '../../core/source/page.ts';
import type {
  Discovery,
  Item,
  ItemContext,
  ListedItem,
  Parsed,
  Partition,
  Rejected,
} from '../../core/source/source.ts';
import { KIND_OF_LIST, LISTS, type List, type TutoringRow } from './schema.ts';

/** What every answer says first: whose it is, and of which day. */
const heading = { feed: z.string(), date: z.string() };

const indexShape = lazily(() =>
  z.object({
    ...heading,
    status: z.enum(['open', 'closed']),
    lists: z.array(z.object({ list: z.enum(LISTS) })),
    lists_total: z.int(),
  }),
);

const listShape = lazily(() =>
  z.object({
    ...heading,
    list: z.string(),
    total: z.int().min(0),
    count: z.int().min(0),
    records: z.array(z.record(z.string(), z.unknown())),
    next_cursor: z.string().min(1).nullable(),
  }),
);

/** The day of a record of these lists is that on the clock face of a time of its own. */
const TIME_OF_LIST: Readonly<Partial<Record<List, string>>> = {
  sessions: 'scheduled_start',
  feedback: 'submitted_at',
};

export function indexUrl({ value, date }: Partition): string {
  return `/v1/feeds/${value}/days/${date}`;
}

/** The index of a day: which lists it has, and how many; a day on which nothing was is closed. */
export function parseIndex(page: Page, partition: Partition): Discovery {
  const read = readJson(page, indexShape());
  if (read.kind === 'rejected') return read;
  const { status, lists, lists_total: total } = read.value;
  const other = otherDay(read.value, partition);
  if (other) return other;
  if (lists.length !== total) return contradiction(`${lists.length} lists, and lists_total says ${total}`);
  if (status === 'closed')
    return total === 0
      ? { kind: 'empty', sign: 'status: closed' }
      : contradiction('the day is closed and has lists');
  if (total === 0) return { kind: 'rejected', code: 'NO_RECORDS', message: 'an open day without lists' };
  const items = lists.map(({ list }): ListedItem => ({ id: list, url: `${indexUrl(partition)}/${list}` }));
  if (new Set(items.map(({ id }) => id)).size < items.length)
    return contradiction('a list stands there twice');
  return { kind: 'items', items };
}

/** A page of a list. The last one has to make up, with those before it, what the list says it holds. */
export function parseList(
  page: Page,
  item: Item,
  partition: Partition,
  { page: at, rowKeys }: ItemContext,
): Parsed<TutoringRow> {
  const read = readJson(page, listShape());
  if (read.kind === 'rejected') return read;
  const { list, total, count, records, next_cursor: next } = read.value;
  const other = otherDay(read.value, partition);
  if (other) return other;
  if (list !== item.id || !isList(list)) return another(`the list ${list} where ${item.id} was asked for`);
  if (records.length !== count) return contradiction(`${records.length} records, and count says ${count}`);
  const sum = rowKeys.size + count;
  if (next === null ? sum !== total : sum >= total)
    return contradiction(`${sum} records ${next === null ? 'in all' : 'and more'}, and total says ${total}`);
  if (count === 0)
    return next === null && at === 0
      ? { kind: 'empty', reason: 'total: 0' }
      : contradiction('a page of a list has no records');
  const rows: TutoringRow[] = [];
  for (const [nth, record] of records.entries()) {
    const row = rowOf(record, list, partition);
    if (typeof row === 'string') return contradiction(`records.${nth}: ${row}`);
    rows.push(row);
  }
  if (next === null) return { kind: 'records', records: rows };
  return {
    kind: 'records',
    records: rows,
    follow: [{ url: `${indexUrl(partition)}/${list}?${new URLSearchParams({ cursor: next })}` }],
  };
}

/** A record as it came, or why it does not belong here. Whether it is valid, its enricher says. */
function rowOf(record: TutoringRow['record'], list: List, { date }: Partition): TutoringRow | string {
  const kind = KIND_OF_LIST[list];
  const { [`${kind}_id`]: id, updated_at: updatedAt } = record;
  if (typeof id !== 'string' || id === '') return `${kind}_id is no text`;
  const time = TIME_OF_LIST[list];
  const day = time === undefined ? undefined : dayOf(record[time]);
  if (day !== undefined && day !== date) return `${time} of ${id} is on ${day}, not on ${date}`;
  return {
    list,
    kind,
    record_id: id,
    updated_at: typeof updatedAt === 'string' ? updatedAt : null,
    record,
  };
}

/** The date that a time begins with; undefined of what is no time. */
function dayOf(time: unknown): string | undefined {
  return typeof time === 'string' ? /^(\d{4}-\d{2}-\d{2})(?:[T ]|$)/.exec(time)?.[1] : undefined;
}

function isList(text: string): text is List {
  return Object.hasOwn(KIND_OF_LIST, text);
}

function otherDay(
  { feed, date }: { feed: string; date: string },
  partition: Partition,
): Rejected | undefined {
  if (feed === partition.value && date === partition.date) return undefined;
  return another(`${feed} on ${date} where ${partition.value} on ${partition.date} was asked for`);
}

function another(what: string): Rejected {
  return { kind: 'rejected', code: 'HTML_CHANGED', message: `the answer is ${what}` };
}

function contradiction(message: string): Rejected {
  return { kind: 'rejected', code: 'PARSE_ERROR', message };
}
