import pLimit from 'p-limit';
import { type AboutRow, deadRecordsAbout } from '../enrich/dead-records.ts';
import type { Enricher } from '../enrich/enricher.ts';
import type { Entity, EntityRow } from '../enrich/entity.ts';
import { changesOf, type EntityChange, type EntityPartition } from '../enrich/entity-changes.ts';
import { entityRow } from '../enrich/entity-source.ts';
import { EntityStore } from '../enrich/entity-store.ts';
import { isNewer, type Order } from '../enrich/order.ts';
import { isOvertaken, parkedRecord, parkedText } from '../enrich/parked-records.ts';
import type { PartitionJob } from '../job.ts';
import type { ItemContent, PageEvidence, ScrapeResult } from '../lake/scrape-result.ts';
import { rowSchemaOf } from '../lake/version.ts';
import type { StateStore } from '../ports/state-store.ts';
import { derivedResult } from '../publish-derived/derived-result.ts';
import type { BeforeIt } from '../publish-derived/publish-partition.ts';
import type { Row } from '../schema/columns.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Item } from '../source/source.ts';

/** Entities that are read side by side. */
const READS_AT_ONCE = 16;

/** A change with what was read for it: the revision that its entity had, or that it was absent. */
export interface ReadChange {
  readonly change: EntityChange;
  readonly entity: number | 'absent';
}

export interface EntityResult {
  readonly result: ScrapeResult;
  readonly read: readonly ReadChange[];
}

/**
 * What the changes of a partition come to, as a scrape of the entities that they name: nothing else of the
 * kind is read.
 */
export async function entityResult(
  job: Omit<PartitionJob, 'crawl'>,
  enricher: Enricher,
  place: EntityPartition,
  { current, lookedAt }: BeforeIt,
): Promise<EntityResult> {
  const { state } = job.platform;
  const changes = await Array.fromAsync(changesOf(state, place));
  // Behind the changes: what dies from now on changes its marker, and the next publication comes to it.
  const dead = Map.groupBy(await Array.fromAsync(deadRecordsAbout(state, place)), ({ key }) => key);
  const before = new Map(current?.items.map((item) => [item.id, item]));
  const evidence: PageEvidence = { checkedAt: lookedAt, capture: null };
  const entities = new EntityStore(state);
  const marked = [
    ...changes,
    ...olderRows(place, current, tableSchema(job.source.table).fingerprint, changes),
  ];
  const read = await pLimit(READS_AT_ONCE).map(marked, async (change) => {
    if (change.key === '') return { change, entity: 'absent' as const, items: [] };
    const entity = await entities.get(change);
    const rows = rowsOf(enricher, change, entity);
    const problem = await problemOf(state, change, entity, dead.get(change.key));
    const { url = urlOf(change.key), capture = null } = before.get(change.key) ?? {};
    const item: Item = {
      id: change.key,
      url: rows[0] ? String(rows[0]._source_url) : url,
      target: change.key,
    };
    const keeps = enricher.day === 'snapshot' && entity && (before.get(change.key)?.rows ?? 0) > 0;
    const content = contentOf(rows, problem, Boolean(keeps), {
      ...evidence,
      capture: rows[0] ? (rows[0]._capture as string | null) : capture,
    });
    return {
      change,
      entity: entity?.revision ?? ('absent' as const),
      items: [{ item, content, attempts: 0 }],
    };
  });
  const items = read.flatMap((each) => each.items);
  const targets = marked.map(({ key }) => key);
  return {
    result: derivedResult(job, lookedAt, items, targets),
    read: read.slice(0, changes.length).map(({ change, entity }) => ({ change, entity })),
  };
}

/** Entities that did not change, with rows of another schema: made again where they are here still. */
function olderRows(
  place: EntityPartition,
  current: BeforeIt['current'],
  today: string,
  changes: readonly EntityChange[],
): EntityChange[] {
  const known = new Set(changes.map(({ key }) => key));
  return (current?.items ?? []).flatMap((item) =>
    item.rows > 0 && rowSchemaOf(item, current!) !== today && !known.has(item.id)
      ? [{ ...place, key: item.id, content: {}, revision: 0 }]
      : [],
  );
}

/**
 * The row that belongs here: the one that the change holds (a snapshot stays though its entity goes on), or
 * that of the entity while it belongs here; none of one that moved away or is gone.
 */
function rowsOf(enricher: Enricher, change: EntityChange, entity: Entity | undefined): Row[] {
  const { row } = change.content;
  if (row) return [tableRow(enricher, row)];
  const isHere = entity?.feed === change.feed && entity.date === change.date;
  return isHere ? [tableRow(enricher, entity)] : [];
}

/** Why its newest record is not in the table; undefined where it is, or where there is none. */
async function problemOf(
  state: StateStore,
  change: EntityChange,
  entity: Entity | undefined,
  dead: readonly AboutRow[] = [],
): Promise<string | undefined> {
  const shown = orderOfRow(change, entity);
  const died = dead.find(({ order }) => !shown || isNewer(order, shown));
  if (died) return `dead: ${died.reason}`;
  const parked = await parkedRecord(state, change);
  const isHere = parked?.feed === change.feed && parked.date === change.date;
  return isHere && !isOvertaken(parked, shown) ? parkedText(parked) : undefined;
}

/** Of the record whose row belongs here: what is older is no more news. Of snapshots that of the day. */
function orderOfRow({ feed, date }: EntityChange, entity: Entity | undefined): Order | undefined {
  if (!entity?.snapshots) return entity?.order;
  return entity.snapshots.find((snapshot) => snapshot.feed === feed && snapshot.date === date)?.order;
}

function contentOf(
  rows: readonly Row[],
  problem: string | undefined,
  keeps: boolean,
  evidence: PageEvidence,
): ItemContent {
  if (problem !== undefined) {
    const outcome = { code: 'VALIDATION_ERROR' as const, message: problem };
    return rows.length > 0
      ? { kind: 'outdated', records: rows, evidence, outcome }
      : { kind: 'failed', outcome };
  }
  if (rows.length > 0) return { kind: 'records', records: rows, evidence };
  if (keeps) return { kind: 'unchanged', evidence };
  return { kind: 'empty', reason: 'it has moved to another date, or is deleted', evidence };
}

/** With its lineage: a row leads back to its message, and to the page where it was scraped. */
function tableRow(enricher: Enricher, { record, derived, message, storedAt }: EntityRow): Row {
  const at = new Date(storedAt).toISOString();
  const { id, source, origin } = message;
  return {
    ...entityRow(enricher, record, derived, { message_id: id, message_source: source, enriched_at: at }),
    _run_id: origin?.run_id ?? id,
    _source_url: origin?.url ?? urlOf(id),
    _scraped_at: origin?.scraped_at ?? at,
    _capture: origin?.capture ?? null,
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The address of what came as a message alone. */
function urlOf(id: string): string {
  return UUID.test(id) ? `urn:uuid:${id.toLowerCase()}` : `urn:rescrape:message:${id}`;
}
