import * as z from 'zod';
import { civilDateSchema } from '../calendar/civil-date.ts';
import type { StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import type { Place } from '../state/collection.ts';
import { writeEach } from '../state/write-each.ts';
import { isoTime } from '../wording/times.ts';
import { dataSchema, type EntityKey, entityName } from './entity.ts';
import { type IncomingMessage, originSchema } from './message.ts';
import { compareOrders, type Order, orderSchema } from './order.ts';

/** How long a record waits for what it refers to. */
export const PARKED_DAYS = 7;

const parkedSchema = lazily(() =>
  z.object({
    message: z.object({
      id: z.string(),
      source: z.string().nullable(),
      snapshotDate: civilDateSchema,
      record: dataSchema,
      origin: originSchema().nullable(),
    }),
    order: orderSchema,
    /** What is not there; it waits for the first of them. */
    missing: z.array(z.object({ kind: z.string(), key: z.string() })).min(1),
    /** When it was parked first; milliseconds. */
    parkedAt: z.number(),
    /** A fresh id each time that it is parked. */
    parking: z.string(),
    /** The partition that it will belong to. */
    feed: z.string(),
    date: civilDateSchema,
  }),
);
type ParkedDocument = Readonly<z.infer<ReturnType<typeof parkedSchema>>>;

/** A valid record that waits for what it refers to. */
export interface ParkedRecord extends ParkedDocument, EntityKey {
  readonly revision: number;
}

/** Those of a kind, in the byte order of their keys. */
export async function* parkedRecordsOf(state: StateStore, kind: string): AsyncGenerator<ParkedRecord> {
  for await (const document of state.query(parkedPlace({ kind, key: '' }).partition))
    yield parkedRecordOf(kind, document);
}

export async function parkedRecord(state: StateStore, entity: EntityKey): Promise<ParkedRecord | undefined> {
  const { partition, sort } = parkedPlace(entity);
  const document = await state.get(partition, sort);
  return document && parkedRecordOf(entity.kind, document);
}

/** `parked since 2026-11-22T12:00:00Z: waits for tutor/t-1 (message …)` */
export function parkedText({ parkedAt, missing, message }: ParkedRecord): string {
  const names = missing.map(entityName).join(', ');
  return `parked since ${isoTime(parkedAt)}: waits for ${names} (message ${message.id})`;
}

/** True where a record of its key that is as new, or newer, is stored by now. */
export function isOvertaken({ order }: ParkedRecord, stored: Order | undefined): boolean {
  return stored !== undefined && compareOrders(stored, order) >= 0;
}

/** The message of a parked record, to be sent again. */
export function messageOfParked(parked: ParkedRecord): IncomingMessage {
  const { kind, feed, order, message } = parked;
  const { id, source, snapshotDate, record, origin } = message;
  return { id, kind, source, feed, date: snapshotDate, sentAt: order.sentAt, record, origin, parked: true };
}

/** How long the message of a parked record is taken to be on its way; milliseconds. */
const ON_ITS_WAY_MS = 300_000;

/** `sentOn`: the parking whose message was sent, and when in milliseconds. Without it none was. */
const waitingSchema = lazily(() =>
  z.object({ sentOn: z.object({ parking: z.string(), at: z.number() }).optional() }),
);
type Waiting = z.infer<ReturnType<typeof waitingSchema>>;

/** A parked record whose message is to be sent, and its place under what it waited for. */
export interface WaitingRecord {
  readonly parked: ParkedRecord;
  readonly place: Place;
  /** Of what stands in that place. */
  readonly revision: number;
}

/**
 * Those that wait for this entity first, but for the ones whose message was sent on lately and that were not
 * parked anew since. `now`: milliseconds.
 */
export async function* waitingFor(
  state: StateStore,
  parent: EntityKey,
  now: number,
): AsyncGenerator<WaitingRecord> {
  for await (const { partition, sort, revision, value } of state.query(waitingPartition(parent))) {
    const [kind = '', key = ''] = sort.split('#');
    const parked = await parkedRecord(state, { kind, key });
    const { sentOn } = waitingSchema().parse(value);
    const isOnItsWay = sentOn && sentOn.parking === parked?.parking && now - sentOn.at < ON_ITS_WAY_MS;
    if (parked && !isOnItsWay) yield { parked, place: { partition, sort }, revision };
  }
}

/**
 * The messages of these are in their queue by now. One that has been taken up or parked anew meanwhile stays
 * as it is.
 */
export async function markSentOn(
  state: StateStore,
  sent: readonly WaitingRecord[],
  now: number,
): Promise<void> {
  const writes = sent.map(({ parked, place, revision }): StateWrite[] => {
    const value: Waiting = { sentOn: { parking: parked.parking, at: now } };
    return [{ kind: 'put', ...place, value, expect: revision }];
  });
  await writeEach(state, writes);
}

/** Puts a parked record and its places in the indexes; `before`: what is there of the same key. */
export function parkWrites(
  entity: EntityKey,
  document: ParkedDocument,
  before: ParkedRecord | undefined,
): StateWrite[] {
  const waiting = waitingPlace(document.missing[0]!, entity);
  const writes: StateWrite[] = [
    { kind: 'put', ...parkedPlace(entity), value: document, expect: before?.revision ?? 'absent' },
    { kind: 'put', ...waiting, value: {} },
  ];
  if (!before) return [...writes, { kind: 'put', ...untilPlace(entity, document.parkedAt), value: {} }];
  const waitedBefore = waitingPlace(before.missing[0]!, entity);
  const isElsewhere = waitedBefore.partition !== waiting.partition;
  return isElsewhere ? [...writes, { kind: 'delete', ...waitedBefore }] : writes;
}

/** Removes a parked record and its places in the indexes. */
export function unparkWrites(parked: ParkedRecord): StateWrite[] {
  return [
    { kind: 'delete', ...parkedPlace(parked), expect: parked.revision },
    { kind: 'delete', ...waitingPlace(parked.missing[0]!, parked) },
    { kind: 'delete', ...untilPlace(parked, parked.parkedAt) },
  ];
}

/** Those whose time is over at `now`, the oldest first; one that is no more has only its place left. */
export async function* overdue(
  state: StateStore,
  now: number,
): AsyncGenerator<{ readonly parked: ParkedRecord | undefined; readonly place: Place }> {
  for await (const { partition, sort } of state.query(UNTIL, { to: `${new Date(now).toISOString()}$` })) {
    const [, kind = '', key = ''] = sort.split('#');
    const parked = await parkedRecord(state, { kind, key });
    const place = { partition, sort };
    const isOurs = parked && untilPlace(parked, parked.parkedAt).sort === sort;
    yield { parked: isOurs ? parked : undefined, place };
  }
}

/** When the record that has waited longest was parked; milliseconds. Undefined where none waits. */
export async function longestParkedAt(state: StateStore): Promise<number | undefined> {
  for await (const { sort } of state.query(UNTIL, { limit: 1 }))
    return Date.parse(sort.slice(0, sort.indexOf('#'))) - PARKED_MS;
  return undefined;
}

const UNTIL = 'parked-until';
const PARKED_MS = PARKED_DAYS * 86_400_000;

function untilPlace({ kind, key }: EntityKey, parkedAt: number): Place {
  const until = new Date(parkedAt + PARKED_MS).toISOString();
  return { partition: UNTIL, sort: `${until}#${kind}#${key}` };
}

function parkedPlace({ kind, key }: EntityKey): Place {
  return { partition: `parked#${kind}`, sort: key };
}

function waitingPartition({ kind, key }: EntityKey): string {
  return `waiting#${kind}#${key}`;
}

function waitingPlace(parent: EntityKey, { kind, key }: EntityKey): Place {
  return { partition: waitingPartition(parent), sort: `${kind}#${key}` };
}

function parkedRecordOf(kind: string, { sort, revision, value }: StateDocument): ParkedRecord {
  return { kind, key: sort, revision, ...parkedSchema().parse(value) };
}
