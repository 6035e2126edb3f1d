import type { Buffer } from 'node:buffer';
import type { PartitionJob } from '../job.ts';
import { JsonBytes, openJson } from '../lake/json-bytes.ts';
import { partitionWorkPrefix } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { parseStored } from '../lake/stored-json.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { ObjectStore, PutOptions } from '../ports/object-store.ts';
import type { Row } from '../schema/columns.ts';
import type { Item, ListedItem, PageRequest, Partition, Target } from '../source/source.ts';

/** What a successful attempt learned. */
export type Learned =
  /** A page of the index; `next`: the absolute address on which its list goes on. */
  | { readonly kind: 'items'; readonly items: readonly ListedItem[]; readonly next?: string }
  /** A page of the index that sends on to another one, by its absolute address. */
  | { readonly kind: 'follow'; readonly url: string; readonly note: string }
  /** `follow`: further requests of the item, by absolute addresses. */
  | { readonly kind: 'records'; readonly records: readonly Row[]; readonly follow?: readonly PageRequest[] }
  /** Of an index, `reason` is the sign by which the day is empty. */
  | { readonly kind: 'empty'; readonly reason: string }
  /** Of a look-up: attributes that the target had otherwise or not at all. */
  | { readonly kind: 'found'; readonly attributes: NonNullable<Target['attributes']> }
  /** Of a look-up: the site does not know the target. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** 304: what the current version holds of the item stands. */
  | { readonly kind: 'unchanged' };

/** One attempt, durable the moment it ended: what makes a scrape resumable. Never updated. */
export interface Checkpoint {
  readonly kind: 'index' | 'item' | 'look-up' | 'robots';
  /** Page of an index, of an item or of a look-up that takes several requests, from 0, which is left out. */
  readonly page?: number;
  readonly item: Item;
  readonly attempt: AttemptRow;
  /** What orders it among all looks at the page (`LookClock`); milliseconds. */
  readonly lookedAt: number;
  readonly outcome: Outcome;
  /** Asked for again at once, through another proxy: no retry. */
  readonly again?: true;
  readonly learned?: Learned;
  /** Fingerprint of the table's schema by which the records were read; left out of what brings none. */
  readonly schema?: string;
  /** Validators of the page: those it came with, or those that a 304 confirmed. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** See `CopyAge`. */
  readonly asOf?: number;
}

/** The JSON of the records of a page, as it lies within a checkpoint. */
export interface RecordTexts {
  readonly body: Buffer;
  /** Where each record begins and ends, in turn; bytes. */
  readonly places: readonly number[];
}

/** A checkpoint as it is stored: with the WARC record of the response, where there was one. */
export interface StoredCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly capture: Uint8Array;
  /** Of its records, where this process has written it. */
  readonly texts?: RecordTexts;
}

const NEWLINE = 0x0a;

/** `…/attempts/item-4711.2` below the work of the partition: the second attempt at item 4711. */
function checkpointKey(runId: string, source: string, partition: Partition, checkpoint: Checkpoint): string {
  const { kind, page = 0, item, attempt } = checkpoint;
  const ofIndex = page === 0 ? 'index' : `index-${page}`;
  const ofItem = page === 0 ? `${kind}-${item.id}` : `follow-${page}/${item.id}`;
  const name = kind === 'index' ? ofIndex : ofItem;
  return `${checkpointPrefix(runId, source, partition)}${name}.${attempt.attempt_number}`;
}

function checkpointPrefix(runId: string, source: string, partition: Partition): string {
  return `${partitionWorkPrefix(runId, source, partition)}attempts/`;
}

/** One line of JSON, then the bytes of the capture. `texts`: of its records, where it has any. */
export function encodeCheckpoint({ checkpoint, capture }: Omit<StoredCheckpoint, 'texts'>): {
  readonly body: Buffer;
  readonly capture: Uint8Array;
  readonly texts?: RecordTexts;
} {
  const { learned } = checkpoint;
  const json = new JsonBytes();
  const places: number[] = [];
  if (learned?.kind !== 'records') json.add(`${JSON.stringify(checkpoint)}\n`);
  else {
    json.add(openJson({ ...checkpoint, learned: undefined }));
    json.add(`"learned":${openJson({ ...learned, records: undefined })}"records":[`);
    for (const record of learned.records) {
      if (places.length > 0) json.add(',');
      places.push(json.length);
      json.add(JSON.stringify(record));
      places.push(json.length);
    }
    json.add(']}}\n');
  }
  const body = json.with(capture);
  const kept = { body, capture: body.subarray(json.length) };
  return places.length > 0 ? { ...kept, texts: { body, places } } : kept;
}

/** Puts it where it is found again. False where a condition on it did not hold. */
export async function writeCheckpoint(
  { platform, runId, source, partition, recorded }: PartitionJob,
  stored: StoredCheckpoint,
  options: Pick<PutOptions, 'ifNoneMatch'> = {},
): Promise<boolean> {
  const { checkpoint } = stored;
  const { body, ...encoded } = encodeCheckpoint(stored);
  const key = checkpointKey(runId, source.name, partition, checkpoint);
  const packed = partitionWorkPrefix(runId, source.name, partition);
  if ((await platform.lake.put(key, body, { ...options, packed })).kind !== 'stored') return false;
  recorded?.keep(key, { checkpoint, ...encoded }, body.length);
  return true;
}

/** Every attempt of one run at one partition, one at a time, in the order of their keys. */
export async function* readCheckpoints(
  lake: ObjectStore,
  runId: string,
  source: string,
  partition: Partition,
  recorded?: PartitionJob['recorded'],
): AsyncGenerator<StoredCheckpoint> {
  for await (const { key } of lake.list(checkpointPrefix(runId, source, partition))) {
    const known = recorded?.get(key) as StoredCheckpoint | undefined;
    const stored = known ?? (await readCheckpoint(lake, key, recorded));
    if (stored) yield stored;
  }
}

/** Undefined where it is gone since it was listed. */
async function readCheckpoint(
  lake: ObjectStore,
  key: string,
  recorded: PartitionJob['recorded'],
): Promise<StoredCheckpoint | undefined> {
  const object = await lake.get(key);
  if (!object) return undefined;
  const end = object.body.indexOf(NEWLINE);
  const checkpoint = parseStored<Checkpoint>(key, object.body.subarray(0, end));
  // One that was written before looks had an order.
  const lookedAt = checkpoint.lookedAt ?? Date.parse(checkpoint.attempt.attempted_at);
  const stored = { checkpoint: { ...checkpoint, lookedAt }, capture: object.body.subarray(end + 1) };
  recorded?.keep(key, stored, object.body.length);
  return stored;
}
