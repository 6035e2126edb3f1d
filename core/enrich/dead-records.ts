import * as z from 'zod';
import { civilDateSchema } from '../calendar/civil-date.ts';
import type { StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import type { DeadLetter } from '../ports/work-queue.ts';
import { lazily } from '../schema/lazily.ts';
import { MAX_TRIES, type Place } from '../state/collection.ts';
import type { EntityKey } from './entity.ts';
import { type EntityPartition, keptChange } from './entity-changes.ts';
import { isForwarded, recordForwarded, settleForwarded } from './forwarded-messages.ts';
import { decodeMessage, type IncomingMessage } from './message.ts';
import { orderSchema } from './order.ts';
import type { EnrichmentStores } from './stores.ts';

/** Bytes of JSON that the body of a dead letter takes at most: a document of DynamoDB has 400 KB. */
const MAX_BODY_BYTES = 300_000;

const deadRecordSchema = lazily(() =>
  z.object({
    /** The message as it came. */
    body: z.string(),
    /** True where the body is longer than what is kept of it. */
    isCut: z.boolean(),
    /** One line a field. */
    errors: z.array(z.string()),
    reason: z.enum(['poison', 'invalid', 'expired']),
    /** Milliseconds. */
    at: z.number(),
    /** Who declared it dead. */
    by: z.string(),
    /** What it is told as in the table of its kind; absent where its message could not be read. */
    about: z.object({ feed: z.string(), date: civilDateSchema, key: z.string() }).optional(),
  }),
);
export type DeadReason = DeadDocument['reason'];
type DeadDocument = Readonly<z.infer<ReturnType<typeof deadRecordSchema>>>;

/** A record that is given up until a person decides: the one truth of a dead letter of enrichment. */
export interface DeadRecord extends DeadDocument {
  readonly kind: string;
  /** Id of its message. */
  readonly id: string;
  readonly revision: number;
}

/**
 * What is written for a dead letter, and under which id. Undefined where it is there already: a message that
 * comes again dies once. Another message of the same id gets a name of its own.
 */
export async function deadWrite(
  state: StateStore,
  dead: { readonly kind: string; readonly id: string; readonly deliveryId: string; readonly body: string },
  why: Pick<DeadDocument, 'errors' | 'reason' | 'at' | 'by' | 'about'>,
): Promise<{ readonly id: string; readonly write: StateWrite } | undefined> {
  const kept = keptBody(dead.body);
  for (const id of [dead.id, `${dead.id}.${dead.deliveryId}`]) {
    const place = deadPlace(dead.kind, id);
    const there = await state.get(place.partition, place.sort);
    if (!there) {
      const value: DeadDocument = { ...kept, ...why, errors: why.errors.slice(0, 100).map(cutLine) };
      return { id, write: { kind: 'put', ...place, value, expect: 'absent' } };
    }
    if (deadRecordSchema().parse(there.value).body === kept.body) return undefined;
  }
  return undefined;
}

/** What a dead record says of the row that it is about. */
const aboutSchema = lazily(() => z.object({ order: orderSchema, reason: z.string() }));
export type AboutRow = Readonly<z.infer<ReturnType<typeof aboutSchema>>>;

/** Dead records about rows of a partition, however often something else of those was published since. */
export async function* deadRecordsAbout(
  state: StateStore,
  of: EntityPartition,
): AsyncGenerator<AboutRow & { readonly key: string }> {
  const { partition, sort } = aboutPlace({ ...of, key: '' }, '');
  for await (const { sort: name, value } of state.query(partition, { prefix: sort.slice(0, -1) }))
    yield { key: name.split('#')[2] ?? '', ...aboutSchema().parse(value) };
}

/** Written with a dead record; `removeEntry` takes it away with it. */
export function aboutWrite(row: EntityPartition & EntityKey, id: string, about: AboutRow): StateWrite {
  return { kind: 'put', ...aboutPlace(row, id), value: about };
}

/** Those of a kind, by the ids of their messages. */
export async function* deadRecordsOf(state: StateStore, kind: string): AsyncGenerator<DeadRecord> {
  for await (const document of state.query(deadPartition(kind))) yield deadRecordOf(kind, document);
}

export async function deadRecord(
  state: StateStore,
  kind: string,
  id: string,
): Promise<DeadRecord | undefined> {
  const { partition, sort } = deadPlace(kind, id);
  const document = await state.get(partition, sort);
  return document && deadRecordOf(kind, document);
}

/** A dead record and the messages of the dead-letter queue that are about it; or such a message alone. */
export interface DeadEntry {
  readonly kind: string;
  /** Null for a message of which nothing is on record: its deliveries were used up. */
  readonly record: DeadRecord | null;
  readonly messages: readonly DeadLetter[];
}

/** All of these kinds, the records first. Looking changes nothing. */
export async function readDeadEntries(
  stores: Pick<EnrichmentStores, 'state' | 'enrichmentQueue'>,
  kinds: readonly string[],
): Promise<DeadEntry[]> {
  const entries: DeadEntry[] = [];
  for (const kind of kinds) {
    const messages = await Array.fromAsync(stores.enrichmentQueue(kind).deadLetters());
    const byBody = Map.groupBy(messages, ({ body }) => keptBody(body).body);
    const records = await Array.fromAsync(deadRecordsOf(stores.state, kind));
    for (const record of records) {
      entries.push({ kind, record, messages: byBody.get(record.body) ?? [] });
      byBody.delete(record.body);
    }
    for (const message of [...byBody.values()].flat())
      entries.push({ kind, record: null, messages: [message] });
  }
  return entries;
}

/** The message in full; undefined where only the beginning of it is left. */
export function bodyOf({ record, messages: [message] }: DeadEntry): string | undefined {
  return message?.body ?? (record?.isCut ? undefined : record?.body);
}

/**
 * Sends dead records again and removes them, in this order: what dies in between leaves one too many, never
 * none. What was forwarded is on its way again, so that nobody takes its date for complete. Those whose
 * message is not there in full stay, and are returned.
 */
export async function redriveDead(
  { state, clock, enrichmentQueue }: Pick<EnrichmentStores, 'state' | 'clock' | 'enrichmentQueue'>,
  entries: readonly DeadEntry[],
): Promise<DeadEntry[]> {
  const left: DeadEntry[] = [];
  for (const entry of entries) {
    const body = bodyOf(entry);
    if (body === undefined) {
      left.push(entry);
      continue;
    }
    await recordForwarded(state, forwardedOf(entry, clock.now()), clock.now());
    await enrichmentQueue(entry.kind).send([{ body, delayMs: 0 }]);
    await removeEntry({ state, enrichmentQueue }, entry);
  }
  return left;
}

/** Removes dead records for good. What was forwarded is on its way no more. */
export async function purgeDead(
  stores: Pick<EnrichmentStores, 'state' | 'clock' | 'enrichmentQueue'>,
  entries: readonly DeadEntry[],
): Promise<void> {
  for (const entry of entries) {
    await removeEntry(stores, entry);
    await settleForwarded(stores.state, forwardedOf(entry, stores.clock.now()));
  }
}

/** The message of an entry, where it came from a scraped partition and can be read. */
function forwardedOf(entry: DeadEntry, now: number): IncomingMessage[] {
  const body = bodyOf(entry);
  if (body === undefined) return [];
  const decoded = decodeMessage(
    entry.kind,
    { id: entry.messages[0]?.id ?? entry.record?.id ?? '', body },
    now,
  );
  return decoded.kind === 'message' && isForwarded(decoded.message) ? [decoded.message] : [];
}

/** The messages first: the record says what is to be done. Its table is told that it is gone. */
async function removeEntry(
  { state, enrichmentQueue }: Pick<EnrichmentStores, 'state' | 'enrichmentQueue'>,
  { kind, record, messages }: DeadEntry,
): Promise<void> {
  await enrichmentQueue(kind).purge(messages);
  if (!record) return;
  const removal = { kind: 'delete' as const, ...deadPlace(kind, record.id), expect: record.revision };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = record.about && { kind, ...record.about };
    const told: StateWrite[] = row
      ? [await keptChange(state, row), { kind: 'delete', ...aboutPlace(row, record.id) }]
      : [];
    if ((await state.write([removal, ...told])) === 'written') return;
    // Somebody else has removed it, or published its partition meanwhile.
    if ((await deadRecord(state, kind, record.id))?.revision !== record.revision) return;
  }
}

function keptBody(body: string): { readonly body: string; readonly isCut: boolean } {
  let kept = body;
  // JSON writes some characters in up to six bytes.
  while (Buffer.byteLength(JSON.stringify(kept)) > MAX_BODY_BYTES) {
    kept = kept.slice(0, Math.floor(kept.length * 0.8));
  }
  return { body: kept, isCut: kept.length < body.length };
}

function cutLine(line: string): string {
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}

function deadPartition(kind: string): string {
  return `enrichment-dead#${kind}`;
}

function aboutPlace({ kind, feed, date, key }: EntityPartition & EntityKey, id: string): Place {
  return { partition: `enrichment-dead-rows#${kind}`, sort: `${feed}#${date}#${key}#${id}` };
}

function deadPlace(kind: string, id: string): Place {
  return { partition: deadPartition(kind), sort: id };
}

function deadRecordOf(kind: string, { sort, revision, value }: StateDocument): DeadRecord {
  return { kind, id: sort, revision, ...deadRecordSchema().parse(value) };
}
