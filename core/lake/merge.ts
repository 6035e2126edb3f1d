import type { Row } from '../schema/columns.ts';
import { targetOf } from '../source/partition.ts';
import type { ItemContent, ItemResult, PageEvidence, ScrapeResult } from './scrape-result.ts';
import {
  isWithoutResult,
  listedAs,
  type VersionDescriptor,
  type VersionIndex,
  type VersionItem,
  type WithdrawnItem,
} from './version.ts';

/** Where the rows of an item of the next version come from. */
export interface MergedItem {
  readonly item: VersionItem;
  /** New rows, or `keep`: those that the current version holds. */
  readonly rows: readonly Row[] | 'keep';
}

export interface Merged {
  readonly index: VersionIndex;
  readonly items: readonly MergedItem[];
  /** False where every item keeps what the current version holds and none was added or dropped. */
  readonly touchesRows: boolean;
  /**
   * To be told by a version even where its rows are the same: an item that had failed, or was carried over,
   * stands well now; an entity that was well is not any more; the index says otherwise which items have no
   * result, or by what sign there are none.
   */
  readonly changesStates: boolean;
  /** Items that lose their rows by this, because of what the index says of them. */
  readonly withdrawn: readonly Omit<WithdrawnItem, 'version'>[];
}

/**
 * Lays a scrape over the current version, item by item: the later look at a page wins, and an item that
 * failed keeps what is there. So a late run, a retry and a reparse can all publish, in any order, and nothing
 * newer is ever lost. Undefined where nothing is known of the partition: no index, now or before.
 */
export function merge(current: VersionDescriptor | undefined, result: ScrapeResult): Merged | undefined {
  const { kind } = result.index;
  const listed = kind === 'listed' || kind === 'targets' ? result.index.index : undefined;
  const index = later(current?.index, listed);
  if (!index) return undefined;

  const before = new Map(current?.items.map((item) => [item.id, item]));
  const results = new Map(result.items.map((entry) => [entry.item.id, entry]));
  const isCurrent = index === current?.index;
  const listing = listedBy(result, isCurrent, before, results);
  // Targets come as they are due, in another order each time: the same rows must make the same version.
  const ids = index.ofTargets ? [...listing].sort() : listing;

  const items: MergedItem[] = [];
  for (const id of ids) {
    const merged = mergeItem(before.get(id), results.get(id), result.parserVersion);
    if (merged) items.push(merged);
  }
  const touchesRows =
    current === undefined ||
    items.some(({ rows }) => rows !== 'keep') ||
    items.length < current.items.length ||
    items.some(({ item }) => !before.has(item.id) && item.rows > 0);
  const now = new Map(items.map(({ item }) => [item.id, item]));
  const heals = items.some(({ item }) => isIll(before.get(item.id)) && !isIll(item));
  // The next result about other entities must find it in the version: no failure is on record of it.
  const isTold = result.origin === 'derived';
  const fails = isTold && items.some(({ item }) => isIll(item) && !isIll(before.get(item.id)));
  const relists = [...before.keys(), ...now.keys()].some((id) => {
    const [was, is] = [before, now].map((of) => of.get(id)).map((item) => item && listedAs(item));
    return was !== is;
  });
  const signs = items.length === 0 && index.sign !== current?.index.sign;
  const changesStates = heals || fails || relists || signs;
  return { index, items, touchesRows, changesStates, withdrawn: withdrawnOf(before.values(), now) };
}

function withdrawnOf(
  before: Iterable<VersionItem>,
  now: ReadonlyMap<string, VersionItem>,
): Merged['withdrawn'] {
  const withdrawn: Merged['withdrawn'][number][] = [];
  for (const { id, url, rows } of before) {
    const state = now.get(id)?.state;
    if (rows === 0) continue;
    if (state === undefined) withdrawn.push({ id, url, rows, why: 'unlisted' });
    else if (state === 'abandoned' || state === 'void') withdrawn.push({ id, url, rows, why: state });
  }
  return withdrawn;
}

function isIll(item: VersionItem | undefined): boolean {
  return item?.state === 'failed' || item?.state === 'carried';
}

/**
 * The items of the next version. A result about single items adds its own where the version does not list
 * them yet: the index that did was read by a run that found nothing else to change.
 */
function listedBy(
  { index, partition }: ScrapeResult,
  isCurrent: boolean,
  before: ReadonlyMap<string, VersionItem>,
  results: ReadonlyMap<string, ItemResult>,
): Iterable<string> {
  if (index.kind === 'targets') {
    const asked = new Set(isCurrent ? [] : index.targets);
    const others = [...before.values()].filter((item) => !asked.has(targetOf(item, partition)));
    return new Set([...others.map(({ id }) => id), ...results.keys()]);
  }
  if (index.kind === 'none') return new Set([...before.keys(), ...results.keys()]);
  return isCurrent ? before.keys() : results.keys();
}

function later(
  current: VersionIndex | undefined,
  listed: VersionIndex | undefined,
): VersionIndex | undefined {
  if (!current || !listed) return current ?? listed;
  const samePage = listed.capture !== null && listed.capture === current.capture;
  if (listed.checkedAt < current.checkedAt && !samePage) return current;
  // A 304 has no capture of its own: it confirms the one that is there.
  const checkedAt = Math.max(listed.checkedAt, current.checkedAt);
  return { ...listed, checkedAt, capture: listed.capture ?? current.capture };
}

function mergeItem(
  before: VersionItem | undefined,
  entry: ItemResult | undefined,
  parserVersion: number,
): MergedItem | undefined {
  if (!entry || (entry.content.kind === 'unseen' && before)) return before && { item: before, rows: 'keep' };
  const { item, content } = entry;
  if (content.kind === 'no-result') return withoutResult(item, content, before, parserVersion);
  if (content.kind === 'records' || content.kind === 'empty' || content.kind === 'outdated') {
    if (before && isLater(before, content.evidence)) return { item: before, rows: 'keep' };
    const rows = content.kind === 'empty' ? [] : content.records;
    const { capture, etag, lastModified, asOf, pages, absent } = content.evidence;
    // Read again from the same capture, a page is as fresh as the last 304 made it.
    const checkedAt = Math.max(
      content.evidence.checkedAt,
      before?.capture === capture ? before.checkedAt : 0,
    );
    return {
      item: {
        ...item,
        state: STATE_OF[content.kind],
        rows: rows.length,
        checkedAt,
        parserVersion,
        capture,
        ...(etag !== undefined && { etag }),
        ...(lastModified !== undefined && { lastModified }),
        ...(asOf !== undefined && { asOf }),
        ...(pages !== undefined && { pages }),
        ...(absent && { absent }),
        ...(content.kind === 'records' && content.contentHash && { contentHash: content.contentHash }),
        ...(content.kind === 'records' && content.schema && { schema: content.schema }),
      },
      rows,
    };
  }
  if (!before || (isWithoutResult(before.state) && before.rows === 0))
    return {
      item: { ...item, state: 'failed', rows: 0, checkedAt: 0, parserVersion, capture: null },
      rows: 'keep',
    };
  if (before.state === 'failed') return { item: before, rows: 'keep' };
  if (content.kind === 'unchanged' && confirms(content, before)) {
    const { checkedAt, asOf = 0 } = content.evidence;
    const state =
      before.state === 'carried' || isWithoutResult(before.state)
        ? before.rows > 0
          ? 'found'
          : 'empty'
        : before.state;
    return {
      item: {
        ...asReady(before),
        state,
        checkedAt: Math.max(before.checkedAt, checkedAt),
        ...(before.asOf !== undefined && { asOf: Math.max(before.asOf, asOf) }),
      },
      rows: 'keep',
    };
  }
  return { item: { ...asReady(before), state: 'carried' }, rows: 'keep' };
}

const STATE_OF = { records: 'found', empty: 'empty', outdated: 'carried' } as const;

function asReady({ listed: _, ...item }: VersionItem): VersionItem {
  return item;
}

/**
 * An item of which the index says that it has no result: an abandoned or void one loses the rows that it had.
 * A pending one keeps them, carried over: what was a result once is not undone by an index that does not know
 * it yet, and yet it is older than what the index says.
 */
function withoutResult(
  item: ItemResult['item'],
  { status, checkedAt }: Extract<ItemContent, { kind: 'no-result' }>,
  before: VersionItem | undefined,
  parserVersion: number,
): MergedItem {
  if (before && before.state !== 'failed' && before.checkedAt > checkedAt)
    return { item: before, rows: 'keep' };
  if (before && before.rows > 0 && status === 'pending')
    return { item: { ...before, state: 'carried', listed: status }, rows: 'keep' };
  return {
    item: { ...item, state: status, rows: 0, checkedAt, parserVersion, capture: null },
    rows: before && before.rows > 0 ? [] : 'keep',
  };
}

/** A later look at the page; the very same capture, read by another parser, is no earlier than itself. */
function isLater(before: VersionItem, { checkedAt, capture }: PageEvidence): boolean {
  return (
    before.state !== 'failed' &&
    before.checkedAt > checkedAt &&
    (capture === null || before.capture !== capture)
  );
}

/**
 * A 304 speaks of the page whose validators were sent; after a rollback the current version may hold another
 * one.
 */
function confirms(content: Extract<ItemContent, { kind: 'unchanged' }>, before: VersionItem): boolean {
  return content.evidence.etag === before.etag && content.evidence.lastModified === before.lastModified;
}
