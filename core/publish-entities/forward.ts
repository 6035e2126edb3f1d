import * as z from 'zod';
import type { CivilDate } from '../calendar/civil-date.ts';
import { aboutOf, type DeadMessage, declareDead } from '../enrich/declare-dead.ts';
import { CountsOfShard } from '../enrich/enrichment-stats.ts';
import { changeWrite } from '../enrich/entity-changes.ts';
import { forwardedId, recordForwarded } from '../enrich/forwarded-messages.ts';
import { encodeMessage, type IncomingMessage } from '../enrich/message.ts';
import { enricherOf } from '../enrich/stores.ts';
import { CorruptLakeError, unlessCorrupt } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import type { VersionDescriptor, VersionItem } from '../lake/version.ts';
import type { Platform } from '../platform.ts';
import { messageBytes } from '../ports/queue-message.ts';
import type { Row } from '../schema/columns.ts';
import { type EnrichedRows, isScraped } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';
import type { Place } from '../state/collection.ts';
import { PartitionStore } from '../state/partition-store.ts';

const cursorSchema = z.object({
  /** Version whose records were sent last. */
  version: z.string(),
  /** Milliseconds. */
  forwardedAt: z.number(),
});

/** Messages that are put on record and sent together. */
const SENT_AT_ONCE = 100;

/** `sent`: records that went on to be enriched; 0 where the current version was forwarded before. */
export interface Forwarded {
  readonly partition: Partition;
  readonly sent: number;
}

type Stores = Pick<Platform, 'lake' | 'state' | 'clock' | 'enrichers' | 'enrichmentQueue' | 'newId' | 'emit'>;

/**
 * Sends the records of a scraped partition on to be enriched: those of the items that differ from the version
 * which was forwarded last. At least once: it may die at any point, and the same call does the rest. What is
 * sent is on record first, so that nobody takes its date for complete until it is handled; each kind of the
 * source is told that the partition is listed, also where nothing is in it.
 */
export async function forward(platform: Stores, source: Source, partition: Partition): Promise<Forwarded> {
  const { enrich } = source;
  const nothing = { partition, sent: 0 };
  if (!enrich) return nothing;
  const versions = new PartitionVersions(platform.lake, source.table, partition);
  try {
    const current = (await versions.current())?.descriptor;
    const cursor = await cursorOf(platform, source, partition);
    if (!current || cursor === current.version) return nothing;
    const changed = await changedItems(versions, current, cursor);
    const rows = changed.size > 0 ? await versions.rows(current) : [];
    const sent = await send(platform, source, enrich, partition, current, changed, rows);
    await markListed(platform, enrich, partition);
    await moveCursor(platform, source, partition, current.version);
    return { partition, sent };
  } catch (error) {
    if (!(error instanceof CorruptLakeError)) throw error;
    platform.emit({ kind: 'warning', message: `${error.message}; its records are not enriched` });
    return nothing;
  }
}

/**
 * As above, for all partitions of the sources that enrich: those of a version that became current where
 * nobody forwarded it (a decision of a person, a crash). Reads the record of each, and a manifest only where
 * that says that something is new.
 */
export async function* forwardAll(platform: Stores & Pick<Platform, 'sources'>): AsyncGenerator<Forwarded> {
  for (const source of platform.sources) {
    if (!source.enrich || !isScraped(source)) continue;
    const forwarded = new Map<string, string>();
    const { partition: cursors } = cursorPlace(source, { value: '', date: '' as CivilDate });
    for await (const { sort, value } of platform.state.query(cursors))
      forwarded.set(sort, cursorSchema.parse(value).version);
    for await (const { value, date, version } of new PartitionStore(platform.state).all(source.table.name))
      if (version !== null && version !== forwarded.get(`${value}#${date}`))
        yield await forward(platform, source, { value, date });
  }
}

/** As above; how many records went on. */
export async function forwardRecords(platform: Stores & Pick<Platform, 'sources'>): Promise<number> {
  let forwarded = 0;
  for await (const { sent } of forwardAll(platform)) forwarded += sent;
  return forwarded;
}

/** Items with rows that the version which was forwarded last had not, or had otherwise. */
async function changedItems(
  versions: PartitionVersions,
  current: VersionDescriptor,
  cursor: string | undefined,
): Promise<ReadonlySet<string>> {
  // Versions that were collected, or cannot be read, are compared with nothing: all is sent again.
  const before = cursor === undefined ? undefined : await versions.descriptor(cursor).catch(unlessCorrupt);
  const known = new Map(before?.items.map((item) => [item.id, item]));
  const withRows = current.items.filter(({ rows }) => rows > 0);
  return new Set(withRows.filter((item) => !isSame(item, known.get(item.id))).map(({ id }) => id));
}

function isSame({ contentHash }: VersionItem, before: VersionItem | undefined): boolean {
  return contentHash !== undefined && before?.contentHash === contentHash;
}

/** In the order of the rows of the version: a row has one message, whose id names them both. */
async function send(
  platform: Stores,
  { name, table }: Source,
  enrich: EnrichedRows,
  { value: feed, date }: Partition,
  { version }: VersionDescriptor,
  changed: ReadonlySet<string>,
  rows: readonly Row[],
): Promise<number> {
  const sentAt = platform.clock.now();
  let waiting: IncomingMessage[] = [];
  let sent = 0;
  const flush = async () => {
    const messages = waiting;
    waiting = [];
    await recordForwarded(platform.state, messages, sentAt);
    for (const [kind, own] of Map.groupBy(messages, (message) => message.kind))
      await platform.enrichmentQueue(kind).send(own.map((one) => ({ body: encodeMessage(one), delayMs: 0 })));
    sent += messages.length;
  };
  for (const [at, row] of rows.entries()) {
    if (!changed.has(String(row[table.itemKey]))) continue;
    const found = enrich.recordOf(row);
    if (!found) continue;
    if (!enrich.kinds.includes(found.kind))
      throw new Error(`${name}: its kinds are ${enrich.kinds.join(', ')}, and a row holds a ${found.kind}`);
    const { kind, record } = found;
    const message: IncomingMessage = {
      ...{ id: forwardedId(version, at), kind, source: name, feed, date, sentAt, record },
      origin: originOf(row),
      parked: false,
    };
    const problem = sizeProblem(message);
    if (problem === undefined) waiting.push(message);
    else await refuse(platform, message, problem);
    if (waiting.length >= SENT_AT_ONCE) await flush();
  }
  if (waiting.length > 0) await flush();
  return sent;
}

function sizeProblem(message: IncomingMessage): string | undefined {
  try {
    messageBytes({ body: encodeMessage(message), delayMs: 0 });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** No queue takes it: it is a dead letter at once, and its neighbours go on. */
async function refuse(platform: Stores, message: IncomingMessage, problem: string): Promise<void> {
  const { id, kind, source } = message;
  const { state, clock } = platform;
  const counts = new CountsOfShard(state, platform.newId()).outsideBatches();
  const dead: DeadMessage = {
    kind,
    id,
    deliveryId: 'forwarded',
    body: encodeMessage(message),
    errors: [`record: ${problem}`],
    reason: 'invalid',
    about: aboutOf(enricherOf(platform, kind), message),
  };
  await declareDead({ state, clock, counts }, dead, source ?? 'forward', { failed: 1 });
}

function originOf({ _run_id, _source_url, _scraped_at, _capture }: Row): IncomingMessage['origin'] {
  return {
    run_id: String(_run_id),
    url: String(_source_url),
    scraped_at: String(_scraped_at),
    capture: _capture as string | null,
  };
}

/** The source has listed the partition, for the table of each of its kinds. */
async function markListed(
  { state }: Stores,
  { kinds }: EnrichedRows,
  { value: feed, date }: Partition,
): Promise<void> {
  await state.write(kinds.map((kind) => changeWrite({ kind, feed, date, key: '' })));
}

function cursorPlace(source: Source, { value, date }: Partition): Place {
  return { partition: `forwarded#${source.name}`, sort: `${value}#${date}` };
}

async function cursorOf(
  { state }: Stores,
  source: Source,
  partition: Partition,
): Promise<string | undefined> {
  const place = cursorPlace(source, partition);
  const document = await state.get(place.partition, place.sort);
  return document && cursorSchema.parse(document.value).version;
}

async function moveCursor(
  { state, clock }: Stores,
  source: Source,
  partition: Partition,
  version: string,
): Promise<void> {
  const value: z.infer<typeof cursorSchema> = { version, forwardedAt: clock.now() };
  await state.write([{ kind: 'put', ...cursorPlace(source, partition), value }]);
}
